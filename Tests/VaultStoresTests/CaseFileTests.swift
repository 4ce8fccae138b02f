// SPDX-License-Identifier: Apache-2.0

import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// Files of other programs that were read wrongly once: `Fixtures/README.md` says what is right.
struct CaseFileTests {
    private static let fixtures =
        #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures"

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A vault over a copy of a file, opened.
    private func opened(
        _ file: String,
        password: String? = "demopass",
        keyFile: String? = nil
    ) async throws -> KDBXStore {
        let path = folder.path(file)
        try FileManager.default.copyItem(atPath: Self.fixtures + "/" + file, toPath: path)
        let store = KDBXStore(
            name: "test",
            path: path,
            keyFile: keyFile.map { Self.fixtures + "/" + $0 },
            passwords: OneKey(password: password.map { SecretBytes(utf8: $0) }),
            state: folder.path("state"),
            logger: KDBXFixture.quiet
        )
        try await store.unlock(for: UnlockReason())
        return store
    }

    private func users(_ store: KDBXStore, _ page: String, realm: String? = nil) async throws -> Set<String> {
        Set(try await store.index().matches(MatchQuery(url: page, realm: realm, now: 0)).map(\.username))
    }

    @Test
    func `entries without a uuid of their own are all served, and a save lands on the one that is meant`()
        async throws
    {
        let store = try await opened("uuids.kdbx")
        let index = try await store.index()
        #expect(index.all.map(\.title).sorted() == (0...8).map { "T\($0)" })
        #expect(await store.status().replacementIDCount == 8)
        for number in 0...8 {
            let found = index.matches(url: "https://t\(number).example/", now: 0)
            #expect(found.map(\.title) == ["T\(number)"])
            #expect(try index.login(#require(found.first).id)?.title == "T\(number)")
        }
        for number in 0...8 {
            let id = try #require(index.only("T\(number)")?.id)
            #expect(try await store.save(LoginDraft(id: id, username: "new \(number)")) == id)
        }
        let after = try await store.index()
        #expect(after.all.map { "\($0.title) \($0.username)" }.sorted() == (0...8).map { "T\($0) new \($0)" })
        #expect(await store.status().replacementIDCount == 0)
        let again = KDBXStore(
            name: "test",
            path: folder.path("uuids.kdbx"),
            passwords: OneKey(password: SecretBytes(utf8: "demopass")),
            state: folder.path("state"),
            logger: KDBXFixture.quiet
        )
        try await again.unlock(for: UnlockReason())
        #expect(try await again.index().all.map(\.id).sorted() == index.all.map(\.id).sorted())
    }

    @Test func `placeholders and references in URLs are resolved before matching`() async throws {
        let store = try await opened("urls.kdbx")
        #expect(try await users(store, "https://ref.example/") == ["ref"])
        #expect(try await users(store, "https://target.example/") == ["tgt", "byref"])
        #expect(try await users(store, "https://second.example/") == ["more"])
    }

    @Test func `KeePassXC's own settings count`() async throws {
        let store = try await opened("keepassxc-settings.kdbx")
        for page in ["https://hidden.example/", "https://ingroup.example/", "https://denied.example/"] {
            #expect(try await users(store, page).isEmpty)
            #expect(try await users(store, page, realm: "r").isEmpty)
        }
        #expect(try await users(store, "https://basic.example/").isEmpty)
        #expect(try await users(store, "https://basic.example/", realm: "r") == ["o"])
        #expect(try await users(store, "https://a.wild.example/") == ["w"])
        #expect(try await store.index().all.count == 5)
    }

    @Test func `seeds are read however they are written`() async throws {
        let store = try await opened("one-time-codes.kdbx")
        for login in try await store.index().all {
            let code = OneTimeCode(fields: try await store.secrets(of: login.id).fields)?.code(at: 59)
            #expect(code?.exposedText() == (login.username == "h" ? nil : "287082"), "\(login.title)")
        }
    }

    @Test func `a password that says TOTP goes out as the code, and as nothing where there is no seed`()
        async throws
    {
        let store = try await opened("one-time-codes.kdbx")
        let missed = Observed<Set<LoginID>>([])
        // As the defaults have it: string fields don't go out.
        let resolver = PlaceholderResolver(
            scope: PlaceholderScope(passwords: true, fields: .none),
            now: 59,
            missed: { id in missed.update { $0.insert(id) } },
            find: { _ in nil }
        )
        for login in try await store.index().all {
            var budget = ExpansionBudget()
            let secrets = try await store.secrets(of: login.id)
            let password = try await resolver.resolved(
                secrets.password,
                of: PlaceholderEntry(id: login.id, parts: [:], fields: secrets.fields),
                in: .password,
                within: &budget
            )
            #expect(password.exposedText() == (login.username == "h" ? "" : "287082"), "\(login.title)")
            #expect(missed.now.contains(login.id) == (login.username == "h"))
        }
    }

    @Test func `a file opens with its key file alone, or with an empty password`() async throws {
        #expect(
            try await opened("key-file-alone.kdbx", password: nil, keyFile: "only.key").index().count == 1
        )
        #expect(try await opened("empty-password.kdbx", password: "").index().count == 1)
    }

    @Test func `every file here is in the table`() throws {
        let readme = try String(contentsOf: URL(filePath: Self.fixtures + "/README.md"), encoding: .utf8)
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.fixtures).filter {
            $0 != "README.md"
        }
        #expect(!files.isEmpty)
        for file in files { #expect(readme.contains("| \(file) |"), "\(file)") }
    }
}

/// Gives one key, once.
private struct OneKey: VaultPasswords {
    let password: SecretBytes?

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        guard attempt == 1 else { throw .locked }
        return password
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? { nil }

    func opened(with password: SecretBytes?) async {}
}
