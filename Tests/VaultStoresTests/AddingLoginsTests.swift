// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import KDBX
import Linux
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// Many new logins as one save, as an import brings them.
struct AddingLoginsTests {
    private static func drafts(_ count: Int) -> [LoginDraft] {
        (0..<count).map { number in
            LoginDraft(
                username: "user \(number)",
                password: SecretBytes(utf8: "p-\(number)"),
                url: "https://h\(number).example/",
                title: "T\(number)",
                group: ["", "Work/Mail", "Internet"][number % 3],
                isGroupPath: true,
                fields: [
                    "Notes": SecretBytes(utf8: "a\nb"),
                    "otp": SecretBytes(utf8: "otpauth://totp/x?secret=GEZDGNBV"),
                    "KP2A_URL": SecretBytes(utf8: "https://o\(number).example"),
                ]
            )
        }
    }

    private static func sealed(_ count: Int) -> [SealedDraft] { drafts(count).map { SealedDraft($0) } }

    @Test func `many logins go into a file by one writing, into groups that are made once`() async throws {
        let writings = Observed(0)
        let fixture = try KDBXFixture(reached: { step throws(SystemCallError) in
            if step == .backedUp { writings.update { $0 += 1 } }
        })
        try await fixture.store.unlock(for: UnlockReason())
        let former = try fixture.bytes()
        let ids = try await fixture.store.add(Self.sealed(300))
        #expect(writings.now == 1)
        #expect(Set(ids).count == 300)
        #expect(try fixture.bytes("vault.kdbx.keybell-backup") == former)
        let database = try fixture.read()
        #expect(database.root.groups.map(\.name) == ["Internet", "Work"])
        let entries = ids.compactMap { database.entry(Identifier($0)) }
        #expect(entries.map { $0.text("Title") } == (0..<300).map { "T\($0)" })
        #expect(entries.prefix(3).map { $0.group?.path } == [[], ["Work", "Mail"], ["Internet"]])
        #expect(entries.allSatisfy { $0.text("Notes") == "a\nb" && $0.history.isEmpty })
        let secrets = try await fixture.store.secrets(of: ids[299])
        #expect(secrets.password == SecretBytes(utf8: "p-299") && secrets.fields["otp"] != nil)
        let found = try await fixture.store.index().matches(url: "https://o7.example", now: 0)
        #expect(found.map(\.id) == [ids[7]])
    }

    @Test func `what another program overwrites of them comes back`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let former = try fixture.bytes()
        _ = try await fixture.store.add(Self.sealed(20))
        try former.write(to: URL(filePath: fixture.path), options: .atomic)
        await fixture.store.fileChanged()
        #expect(try fixture.read().entries.count == 22)
        #expect(try await fixture.store.index().count == 22)
    }

    @Test func `where a file is written for too long, it is undecided what comes in`() async throws {
        let isOpen = DispatchSemaphore(value: 0)
        let fixture = try KDBXFixture(
            timeout: .seconds(2),
            reached: { step throws(SystemCallError) in
                if step == .backedUp { _ = isOpen.wait(timeout: .now() + 60) }
            }
        )
        try await fixture.store.unlock(for: UnlockReason())
        await #expect { try await fixture.store.add(Self.sealed(2)) } throws: { error in
            (error as? AddingFailure)?.isUndecided ?? false
        }
        isOpen.signal()
        await fixture.store.finish()
        #expect(try fixture.read().entries.count == 4)
    }

    @Test func `one that can't be stored keeps all of them out of a file`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let before = try fixture.bytes()
        var drafts = Self.drafts(3)
        drafts[2].fields["x"] = SecretBytes(utf8: "{TOTP}")
        #expect(drafts.map(\.additionRefusal) == [nil, nil, LoginDraft.placeholderRefusal])
        await #expect(throws: AddingFailure(.refused(LoginDraft.placeholderRefusal))) {
            try await fixture.store.add(drafts.map { SealedDraft($0) })
        }
        await fixture.store.lock()
        await #expect(throws: AddingFailure(.locked)) { try await fixture.store.add(Self.sealed(1)) }
        #expect(try fixture.bytes() == before)
    }

    @Test func `more hosts than a question shows are no reason to refuse a login that the person brings`()
        throws
    {
        var draft = Self.drafts(1)[0]
        for number in 1...20 {
            draft.fields["KP2A_URL_\(number)"] = SecretBytes(utf8: "https://n\(number).example")
        }
        #expect(draft.additionRefusal == nil)
        draft.group = String(repeating: "a/", count: 100)
        #expect(draft.additionRefusal != nil)
        draft.group = "x"
        draft.id = .random()
        #expect(draft.additionRefusal != nil)
    }

    @Test func `many logins are items of the keyring, and nothing else`() async throws {
        let fixture = try await StoreFixture()
        let ids = try await fixture.store.add(Self.sealed(7))
        #expect(try await fixture.items(StoreFixture.schema).count == 7)
        #expect(try await fixture.items(StoreFixture.extraSchema).count == 7)
        for store in [fixture.store, try await fixture.restarted()] {
            let index = try await store.index()
            #expect(ids.map { index.login($0)?.title } == (0..<7).map { "T\($0)" })
            #expect(index.login(ids[1])?.group?.name == "Work/Mail")
            #expect(try await store.secrets(of: ids[6]).password == SecretBytes(utf8: "p-6"))
        }
    }

    @Test func `what a keyring has stored before it fails is taken back`() async throws {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        _ = try await store.index()
        provider.allowed.update { $0["CreateItem"] = 5 }
        await #expect { try await store.add(Self.sealed(4)) } throws: { error in
            (error as? AddingFailure)?.added.isEmpty ?? false
        }
        #expect(provider.calls.now["CreateItem"] == 6)
        #expect(try await fixture.items(StoreFixture.schema).isEmpty)
        #expect(try await fixture.items(StoreFixture.extraSchema).isEmpty)
        #expect(try await store.index().count == 0)
    }

    @Test func `what a keyring has stored though it says that it has failed is taken back`() async throws {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        _ = try await store.index()
        provider.failingAfterwards.update { $0 = "CreateItem" }
        var draft = LoginDraft(password: SecretBytes(utf8: "p"), title: "T")
        await #expect(throws: AddingFailure.self) { try await store.add([SealedDraft(draft)]) }
        draft.fields["x"] = SecretBytes(utf8: "y")
        await #expect(throws: AddingFailure.self) { try await store.add([SealedDraft(draft)]) }
        #expect(try await fixture.items(StoreFixture.schema).isEmpty)
        #expect(try await fixture.items(StoreFixture.extraSchema).isEmpty)
    }

    @Test func `the secrets of many logins are fetched by one call`() async throws {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        let ids = try await store.add(Self.sealed(7))
        _ = try await store.index()
        let before = provider.calls.now["GetSecrets"] ?? 0
        let found = try await store.secrets(of: ids + [.random()])
        #expect(provider.calls.now["GetSecrets"] == before + 1)
        #expect(found.count == 7 && found[ids[6]]?.password == SecretBytes(utf8: "p-6"))
        #expect(found[ids[6]]?.fields["otp"] != nil)
    }

    @Test func `one login that a keyring has stored though it says that it has failed is taken back, too`()
        async throws
    {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        _ = try await store.index()
        provider.failingAfterwards.update { $0 = "CreateItem" }
        await #expect(throws: VaultError.self) {
            try await store.save(LoginDraft(password: SecretBytes(utf8: "p"), title: "T"))
        }
        #expect(try await fixture.items(StoreFixture.schema).isEmpty)
    }

    @Test func `where a keyring doesn't say what it has of a failed one, it is undecided`() async throws {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        _ = try await store.index()
        provider.failingAfterwards.update { $0 = "CreateItem" }
        provider.failing.update { $0 = "SearchItems" }
        await #expect { try await store.add(Self.sealed(1)) } throws: { error in
            (error as? AddingFailure)?.isUndecided ?? false
        }
    }

    @Test(arguments: [false, true])
    func `an addition that is cancelled, or that the daemon's end cuts, leaves nothing in a keyring`(
        _ isEnd: Bool
    ) async throws {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        _ = try await store.index()
        provider.holding.update { $0 = "CreateItem" }
        let adding = Task { try await store.add(Self.sealed(4)) }
        try await provider.calls.wait(for: "the first item") { $0["CreateItem"] == nil ? nil : () }
        let end = Task {
            if isEnd { await store.finish() } else { adding.cancel() }
        }
        if isEnd { while await !store.isEnding { await Task.yield() } } else { await end.value }
        provider.holding.update { $0 = nil }
        await #expect { try await adding.value } throws: { error in
            (error as? AddingFailure).map { $0.added.isEmpty && !$0.isUndecided } ?? false
        }
        await end.value
        // The first login's two items.
        #expect(provider.calls.now["CreateItem"] == 2)
        #expect(try await fixture.items(StoreFixture.schema).isEmpty)
        #expect(try await fixture.items(StoreFixture.extraSchema).isEmpty)
    }

    @Test func `what a keyring doesn't give back is named`() async throws {
        let fixture = try await StoreFixture()
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        _ = try await store.index()
        provider.asksBeforeDeleting.update { $0 = true }
        provider.allowed.update { $0["CreateItem"] = 5 }
        var failure: AddingFailure?
        do throws(AddingFailure) { _ = try await store.add(Self.sealed(4)) } catch { failure = error }
        let left = try #require(failure?.added)
        #expect(left.keys.sorted() == [0, 1])
        let index = try await store.index()
        #expect(left.values.allSatisfy { index.login($0) != nil } && index.count == 2)
    }
}
