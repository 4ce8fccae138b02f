// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import ConcurrencyTools
import Logging
import TestSupport
import Testing
import Vault

@testable import Daemon

/// A vault that the test opens and locks, with something that happens each time that it is read.
private actor FollowedVault: VaultStore {
    nonisolated let name = "main"
    nonisolated let kind = VaultKind.kdbx
    private let (news, tell) = AsyncStream.makeStream(of: Void.self)
    private let reading: @Sendable (FollowedVault, Int) async -> Void
    private var readings = 0
    private var isLocked = true

    init(reading: @escaping @Sendable (FollowedVault, Int) async -> Void) { self.reading = reading }

    func set(isLocked: Bool) { self.isLocked = isLocked }

    nonisolated func tellChange() { tell.yield() }

    nonisolated func changes() -> AsyncStream<Void> { news }

    func status() -> VaultStatus {
        VaultStatus(name: name, kind: kind, path: "", isLocked: isLocked, count: 0, hash: nil)
    }

    func state() async throws(VaultError) -> VaultState {
        readings += 1
        await reading(self, readings)
        throw .locked
    }

    func hash() -> String? { nil }
    func index() throws(VaultError) -> LoginIndex { throw .locked }
    func secrets(of id: LoginID) throws(VaultError) -> LoginSecrets { throw .locked }
    func history(of id: LoginID) throws(VaultError) -> [FormerLogin] { throw .locked }
    func preview(_ draft: LoginDraft) throws(VaultError) -> SavePreview { throw .locked }
    func save(_ draft: LoginDraft) throws(VaultError) -> LoginID { throw .locked }
    func lock() { isLocked = true }
    func unlock(for reason: UnlockReason) throws(VaultError) { throw .locked }
}

@Suite(.timeLimit(.minutes(1))) struct VaultFollowerTests {
    private static func unlock(by uid: UInt32) -> ApprovalRequest {
        ApprovalRequest(kind: .unlock, caller: .unknown(uid: uid), questionDigest: [], vaults: ["main"])
    }

    /// Asks, and returns once it is shown.
    private static func ask(_ approvals: ApprovalBroker) async -> Task<Answer, Never> {
        var counts = approvals.pendingCounts().makeAsyncIterator()
        let asking = Task { await approvals.ask(unlock(by: 1000)) }
        while await counts.next() != 1 {}
        return asking
    }

    @Test func `whoever asks for a vault that was locked again since is not taken for answered`() async throws
    {
        let folder = try TemporaryFolder()
        let audit = AuditTrail(
            folder: folder.path("state"),
            logsToJournal: false,
            isRequired: false,
            logger: CollectedLog().logger
        )
        let approvals = ApprovalBroker()
        let first = await Self.ask(approvals)
        let (done, isDone) = AsyncStream.makeStream(of: Task<Answer, Never>.self)
        let vault = FollowedVault { vault, number in
            switch number {
            // As the follower begins: then it is opened by hand.
            case 1:
                await vault.set(isLocked: false)
                vault.tellChange()
            // It has seen that it is open: who waited goes on, and then it is locked, and asked for.
            case 2:
                #expect(await first.value == .opened)
                await vault.lock()
                isDone.yield(await Self.ask(approvals))
                vault.tellChange()
            // It has seen that, too.
            default: isDone.finish()
            }
        }
        let vaults = CurrentValue<[any VaultStore]>([vault])
        let uses = Observed(0)
        let follower = VaultFollower(vaults: vaults, approvals: approvals, audit: audit) {
            uses.update { $0 += 1 }
        }
        let run = Task { await follower.run() }
        var second: Task<Answer, Never>?
        for await asked in done { second = asked }
        #expect(await approvals.pending().count == 1)
        run.cancel()
        await approvals.shutDown()
        #expect(await second?.value == .withdrawn)
        await run.value
        #expect(uses.now == 1)
    }
}
