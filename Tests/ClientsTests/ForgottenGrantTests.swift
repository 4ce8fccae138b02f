// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import Foundation
import SecretService
import TestSupport
import Testing

/// What is forgotten and the keyring doesn't delete: it counts no more, and nobody is asked about it anew.
@Suite(.timeLimit(.minutes(2))) struct ForgottenGrantTests {
    private let provider: RefusingProvider
    private let folder: TemporaryFolder
    private let grant = Grant(
        key: GrantKey(
            fingerprint: "AA:BB",
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example"
        ),
        allows: true,
        entries: ["E1"],
        scope: .always
    )

    init() async throws {
        provider = try await RefusingProvider(over: try await KeyringSession())
        folder = try TemporaryFolder()
    }

    /// A registry, as a daemon has it; without retries it tries again only when it is asked to.
    private func registry(tryingAgain: Bool = false) async throws -> GrantRegistry {
        let keyring = try await provider.keyring()
        return GrantRegistry(
            keyring: keyring,
            folder: folder.path("state"),
            logger: quiet,
            retries: tryingAgain ? Array(repeating: .milliseconds(20), count: 1000) : [],
            pause: .milliseconds(100)
        )
    }

    private func forgetInVain(in registry: GrantRegistry) async {
        await #expect(throws: ClientError.self) {
            try await registry.forget(fingerprint: "AA:BB", name: grant.name)
        }
    }

    private func waitUntilDeleted(_ registry: GrantRegistry) async throws {
        try await withDeadline(.seconds(20)) {
            while await !registry.undeletedGrants().isEmpty { await Task.yield() }
        }
    }

    @Test func `it is listed as such, and goes with the next listing`() async throws {
        let registry = try await registry()
        try await registry.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: registry)
        #expect(try await registry.all().isEmpty)
        #expect(await registry.undeletedGrants().map(\.name) == [grant.name])
        try await withDeadline(.seconds(20)) { [provider] in
            // The listing before may have a deletion under way that fails.
            provider.failing.update { $0 = nil }
            while await !registry.undeletedGrants().isEmpty { _ = try await registry.all() }
        }
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
    }

    @Test func `what a denial that can't be stored was to replace is asked about after the session`()
        async throws
    {
        let registry = try await registry()
        try await registry.remember([grant])
        let denial = Grant(key: grant.key, allows: false, entries: ["E1"], scope: .always)
        provider.failing.update { $0 = "SetSecret" }
        await #expect(throws: ClientError.self) { try await registry.remember([denial]) }
        #expect(await registry.decision(on: grant.key) == .denied)
        await registry.endSessions()
        #expect(await registry.decision(on: grant.key) == .undecided)
        #expect(await registry.staysForgotten())
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
    }

    /// A keyring that hangs does it after Keybell has given up waiting, and told the person so.
    @Test(arguments: [false, true])
    func `an allow that is stored although that failed counts for its session alone`(isForgotten: Bool)
        async throws
    {
        let registry = try await registry()
        var key = grant.key
        key.host = "b.example"
        let other = Grant(key: key, allows: true, entries: ["E1"], scope: .always)
        try await registry.remember([other])
        provider.failingAfterwards.update { $0 = "SetSecret" }
        await #expect(throws: ClientError.self) { try await registry.remember([grant]) }
        #expect(await registry.decision(on: grant.key) == .allowed)
        if isForgotten {
            _ = try? await registry.forget(fingerprint: "AA:BB", name: grant.name)  // the keyring still fails
        } else {
            await registry.endSessions()
        }
        #expect(await registry.decision(on: grant.key) == .undecided)
        #expect(await registry.staysForgotten())
        // As it is after a crash.
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
        provider.failingAfterwards.update { $0 = nil }
        _ = try await registry.all()
        try await waitUntilDeleted(registry)
        #expect(try await registry.all().map(\.name) == [other.name])
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
        #expect(await (try self.registry()).decision(on: other.key) == .allowed)
    }

    /// As of what is killed at that moment.
    @Test func `the state folder has it that an allow doesn't count before the keyring has been told of it`()
        async throws
    {
        let registry = try await registry()
        provider.holding.update { $0 = "CreateItem" }
        let remembering = Task { try await registry.remember([grant]) }
        try await provider.calls.wait(for: "the store") { $0["CreateItem"].map { _ in } }
        #expect(try forgotten().contains(grant.name))
        provider.holding.update { $0 = nil }
        try await remembering.value
        #expect(try !forgotten().contains(grant.name))
        #expect(await (try self.registry()).decision(on: grant.key) == .allowed)
    }

    @Test func `the keyring isn't told of an allow while the state folder can't keep that it doesn't count`()
        async throws
    {
        let registry = try await registry()
        try folder.makeFolder(blocked)
        let error = await #expect(throws: ClientError.self) { try await registry.remember([grant]) }
        #expect(error?.advice.contains(folder.path("state/forgotten.json")) == true)
        #expect(provider.calls.now["CreateItem"] == nil)
        #expect(await registry.decision(on: grant.key) == .allowed)
        await registry.endSessions()
        #expect(await registry.decision(on: grant.key) == .undecided)
    }

    @Test
    func `an allow that is stored and can't be confirmed in the state folder counts for its session alone`()
        async throws
    {
        let registry = try await registry()
        provider.holding.update { $0 = "CreateItem" }
        let remembering = Task { try await registry.remember([grant]) }
        try await provider.calls.wait(for: "the store") { $0["CreateItem"].map { _ in } }
        try folder.makeFolder(blocked)
        provider.holding.update { $0 = nil }
        await #expect(throws: ClientError.self) { try await remembering.value }
        #expect(await registry.decision(on: grant.key) == .allowed)
        await registry.endSessions()
        #expect(await registry.decision(on: grant.key) == .undecided)
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
    }

    @Test(arguments: [true, false])
    func `a denial that can be kept nowhere is told with the allow that may count again`(isRead: Bool)
        async throws
    {
        try await registry().remember([grant])
        let registry = try await registry()
        if isRead { #expect(await registry.decision(on: grant.key) == .allowed) }
        try folder.makeFolder(blocked)
        provider.failing.update { $0 = isRead ? "SetSecret" : "SearchItems" }
        let denial = Grant(key: grant.key, allows: false, entries: ["E1"], scope: .always)
        let error = await #expect(throws: ClientError.self) { try await registry.remember([denial]) }
        guard case .allowMayReturn = error else {
            Issue.record("the allow isn't told: \(String(describing: error))")
            return
        }
        #expect(await registry.decision(on: grant.key) == .denied)
    }

    @Test func `a denial is stored though the state folder takes nothing`() async throws {
        let registry = try await registry()
        try await registry.remember([grant])
        try folder.makeFolder(blocked)
        let denial = Grant(key: grant.key, allows: false, entries: ["E1"], scope: .always)
        try await registry.remember([denial])
        #expect(await (try self.registry()).decision(on: grant.key) == .denied)
    }

    /// What is written has this name first, and can't replace a folder.
    private var blocked: String { "state/forgotten.json.new-\(getpid())" }

    private func forgotten() throws -> String {
        try String(contentsOfFile: folder.path("state/forgotten.json"), encoding: .utf8)
    }

    @Test func `it is deleted by itself once the keyring works`() async throws {
        let registry = try await registry(tryingAgain: true)
        try await registry.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: registry)
        let tries = provider.calls.now["Delete"] ?? 0
        try await provider.calls.wait(for: "two more tries") { $0["Delete"] ?? 0 > tries + 1 ? () : nil }
        provider.failing.update { $0 = nil }
        try await waitUntilDeleted(registry)
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
    }

    @Test func `it is tried again however often that fails, with listings in between`() async throws {
        let registry = GrantRegistry(
            keyring: try await provider.keyring(),
            folder: folder.path("state"),
            logger: quiet,
            retries: [.milliseconds(20)]
        )
        try await registry.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: registry)
        _ = try await registry.all()
        let tries = provider.calls.now["Delete"] ?? 0
        try await provider.calls.wait(for: "more tries than pauses") {
            $0["Delete"] ?? 0 > tries + 3 ? () : nil
        }
        provider.failing.update { $0 = nil }
        try await waitUntilDeleted(registry)
    }

    @Test func `the keyring isn't read again for each that can't be deleted`() async throws {
        let first = try await registry()
        let fingerprints = (1...8).map { "AA:0\($0)" }
        var key = grant.key
        for fingerprint in fingerprints {
            key.fingerprint = fingerprint
            try await first.remember([Grant(key: key, allows: true, entries: ["E1"], scope: .always)])
        }
        provider.failing.update { $0 = "Delete" }
        for fingerprint in fingerprints {
            try? await first.forget(fingerprint: fingerprint)  // in vain
        }
        #expect(await first.staysForgotten())
        let before = provider.calls.now
        let second = try await registry()
        #expect(try await second.all().isEmpty)
        try await provider.calls.wait(for: "a try of each") {
            $0["Delete"] ?? 0 >= (before["Delete"] ?? 0) + fingerprints.count ? () : nil
        }
        let readings = (provider.calls.now["SearchItems"] ?? 0) - (before["SearchItems"] ?? 0)
        #expect(readings <= 2)
    }

    @Test(arguments: [true, false])
    func `it doesn't count after a restart, and is deleted then`(isAll: Bool) async throws {
        let first = try await registry()
        try await first.remember([grant])
        provider.failing.update { $0 = "Delete" }
        if isAll {
            await #expect(throws: ClientError.self) { try await first.forget(fingerprint: "AA:BB") }
        } else {
            await forgetInVain(in: first)
        }
        #expect(await first.staysForgotten())

        let second = try await registry(tryingAgain: true)
        #expect(await second.decision(on: grant.key) == .undecided)
        #expect(await second.undeletedGrants().map(\.name) == [grant.name])
        #expect(try await second.all().isEmpty)
        provider.failing.update { $0 = nil }
        try await waitUntilDeleted(second)
        #expect(await second.staysForgotten())
        // What is granted from then on counts.
        try await second.remember([grant])
        #expect(await (try registry()).decision(on: grant.key) == .allowed)
    }

    @Test func `a grant that was forgotten before a restart can be forgotten again by its name`() async throws
    {
        let first = try await registry()
        try await first.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: first)
        #expect(await first.staysForgotten())
        let second = try await registry()
        await forgetInVain(in: second)
        provider.failing.update { $0 = nil }
        #expect(try await second.forget(fingerprint: "AA:BB", name: grant.name)?.name == grant.name)
        #expect(await second.undeletedGrants().isEmpty)
    }

    /// The keyring locks the item by itself, or can't be read at all.
    @Test(arguments: [true, false])
    func `a grant that couldn't be read when it was forgotten doesn't count once it can be`(isLocked: Bool)
        async throws
    {
        try await registry().remember([grant])
        let registry = try await registry()
        let following = Task { await registry.run() }
        defer { following.cancel() }
        provider.areItemsLocked.update { $0 = isLocked }
        provider.failing.update { $0 = isLocked ? nil : "SearchItems" }
        await forgetInVain(in: registry)
        #expect(await registry.staysForgotten())

        provider.failing.update { $0 = "Delete" }
        provider.areItemsLocked.update { $0 = false }
        try await provider.tellChange()
        try await withDeadline(.seconds(20)) { [grant] in
            while await registry.decision(on: grant.key) == .unknown { await Task.yield() }
        }
        #expect(await registry.decision(on: grant.key) == .undecided)
        #expect(await registry.undeletedGrants().map(\.name) == [grant.name])
        let next = try await self.registry()
        #expect(await next.decision(on: grant.key) == .undecided)
        provider.failing.update { $0 = nil }
        #expect(try await next.forget(fingerprint: "AA:BB", name: grant.name)?.name == grant.name)
    }

    @Test func `where the state folder takes nothing it is known that a restart brings it back`() async throws
    {
        let registry = try await registry()
        try await registry.remember([grant])
        try FileManager.default.removeItem(atPath: folder.path("state"))
        _ = try folder.write("state", "no folder")
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: registry)
        #expect(await !registry.staysForgotten())
        #expect(await registry.decision(on: grant.key) == .undecided)
    }

    @Test func `what couldn't be written to the state folder is written by itself once that works`()
        async throws
    {
        let registry = try await registry()
        try await registry.remember([grant])
        let file = folder.path("state/forgotten.json")
        try FileManager.default.removeItem(atPath: file)
        try folder.makeFolder("state/forgotten.json")
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: registry)
        #expect(await !registry.staysForgotten())
        try FileManager.default.removeItem(atPath: file)
        try await withDeadline(.seconds(60)) {
            while !FileManager.default.fileExists(atPath: file) { await Task.yield() }
        }
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
    }

    /// A key that was revoked and is let in again.
    @Test func `what is granted after everything was forgotten is kept only once the file doesn't say so`()
        async throws
    {
        let registry = try await registry()
        try await registry.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: ClientError.self) { try await registry.forget(fingerprint: "AA:BB") }
        #expect(await registry.staysForgotten())
        try folder.makeFolder(blocked)
        provider.failing.update { $0 = nil }
        try await registry.forget(fingerprint: "AA:BB")

        await #expect(throws: ClientError.self) { try await registry.remember([grant]) }
        #expect(await registry.decision(on: grant.key) == .allowed)
        try FileManager.default.removeItem(atPath: folder.path(blocked))
        try await registry.remember([grant])
        #expect(await (try self.registry()).decision(on: grant.key) == .allowed)
    }

    @Test func `what is granted while all that was before can't be deleted outlasts a restart`() async throws
    {
        let registry = try await registry()
        try await registry.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: ClientError.self) { try await registry.forget(fingerprint: "AA:BB") }
        await #expect(throws: ClientError.self) { try await registry.remember([grant]) }
        provider.failing.update { $0 = nil }
        try await registry.remember([grant])
        #expect(try await registry.all().map(\.name) == [grant.name])
        #expect(await (try self.registry()).decision(on: grant.key) == .allowed)
    }

    /// A client is let in only then.
    @Test(arguments: [nil, "{"])
    func `all of a key's grants are deleted though it isn't known what was forgotten before`(damage: String?)
        async throws
    {
        try await registry().remember([grant])
        let file = folder.path("state/forgotten.json")
        try FileManager.default.removeItem(atPath: file)
        if let damage {
            try folder.write("state/forgotten.json", damage)
        } else {
            try folder.makeFolder("state/forgotten.json")
        }
        let registry = try await registry()
        try await registry.forget(fingerprint: "AA:BB")
        try await registry.forget(fingerprint: "CC:DD")
        // What is granted anew counts until the session ends, as for every client.
        await #expect(throws: ClientError.self) { try await registry.remember([grant]) }
        #expect(await registry.decision(on: grant.key) == .allowed)
        #expect(FileManager.default.fileExists(atPath: file))
        try FileManager.default.removeItem(atPath: file)
        #expect(await (try self.registry()).decision(on: grant.key) == .undecided)
        try await registry.remember([grant])
        #expect(await (try self.registry()).decision(on: grant.key) == .allowed)
    }

    @Test(arguments: [nil, "", "{", #"{"format": 2, "keys": {}}"#])
    func `no stored grant counts before it is known what was forgotten`(damage: String?) async throws {
        let first = try await registry()
        try await first.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await forgetInVain(in: first)
        #expect(await first.staysForgotten())
        let (file, safe) = (folder.path("state/forgotten.json"), folder.path("safe"))
        try FileManager.default.moveItem(atPath: file, toPath: safe)
        if let damage {
            try folder.write("state/forgotten.json", damage)
        } else {
            try folder.makeFolder("state/forgotten.json")
        }

        let second = try await registry()
        #expect(await second.decision(on: grant.key) == .unknown)
        let error = await #expect(throws: ClientError.self) { try await second.all() }
        #expect("\(String(describing: error))".contains(file))
        // What is decided now counts, for this session, and nothing overwrites what can't be read.
        await #expect(throws: ClientError.self) { try await second.remember([grant]) }
        #expect(await second.decision(on: grant.key) == .allowed)
        await second.endSessions()
        #expect(await second.decision(on: grant.key) == .unknown)

        // The next look reads it again.
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.moveItem(atPath: safe, toPath: file)
        #expect(try await second.all().isEmpty)
        #expect(await second.decision(on: grant.key) == .undecided)
        #expect(await second.undeletedGrants().map(\.name) == [grant.name])
    }

    @Test func `the person is asked about it by the keyring only when they forget it`() async throws {
        let registry = try await registry(tryingAgain: true)
        try await registry.remember([grant])
        provider.asksBeforeDeleting.update { $0 = true }
        await forgetInVain(in: registry)
        #expect(provider.calls.now["Prompt"] == 1)
        try await provider.calls.wait(for: "several tries") { $0["Dismiss"] ?? 0 >= 3 ? () : nil }
        #expect(provider.calls.now["Prompt"] == 1)
        await forgetInVain(in: registry)
        #expect(provider.calls.now["Prompt"] == 2)
        provider.asksBeforeDeleting.update { $0 = false }
        try await waitUntilDeleted(registry)
    }

    @Test func `a listing waits for no deletion`() async throws {
        let registry = try await registry()
        try await registry.remember([grant])
        provider.holding.update { $0 = "Delete" }
        let isOver = Observed(false)
        let forgetting = Task {
            defer { isOver.update { $0 = true } }
            return try await registry.forget(fingerprint: "AA:BB", name: grant.name)
        }
        try await provider.calls.wait(for: "the deletion") { $0["Delete"] == nil ? nil : () }
        #expect(try await registry.all().isEmpty)
        #expect(await registry.undeletedGrants().map(\.name) == [grant.name])
        #expect(!isOver.now)
        provider.holding.update { $0 = nil }
        #expect(try await forgetting.value?.name == grant.name)
    }
}
