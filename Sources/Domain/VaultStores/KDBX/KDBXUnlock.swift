// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import SecureMemory
import Synchronization
import Vault

/// One unlock of a KDBX vault: it asks for the password until it is right, unless a lock, or whoever wanted it, ends
/// it.
final class KDBXUnlock: Sendable {
    private struct State {
        var isEnded = false
        /// The passwords that did not open the file.
        var failed: [SecretBytes?] = []
        /// What derives the key now.
        var deriver: (any KeyDeriver)?
        /// What does that and then reads the file, which may be a large one.
        var reading: Task<Result<KDBXReader.Opened?, VaultError>, Never>?
    }

    /// An unlock under way, and its outcome.
    struct Running {
        let unlock: KDBXUnlock
        let task: Task<Result<Void, VaultError>, Never>

        /// Ends it, with the question for a password that it may be waiting for.
        func end() {
            unlock.end()
            task.cancel()
        }
    }

    /// How long reading the vault's files may take.
    private static let readingTimeout = Duration.seconds(60)

    /// For whom it is.
    let reason: UnlockReason

    private let reader: KDBXReader
    private let passwords: any VaultPasswords
    private let work: BlockingWork
    private let makeDeriver: @Sendable () -> any KeyDeriver
    private let state = Mutex(State())

    /// An unlock that has not begun.
    ///
    /// - Parameters:
    ///   - reader: What reads the file.
    ///   - passwords: Where passwords come from.
    ///   - reason: For whom it is.
    ///   - work: What reads the file and derives the key.
    ///   - makeDeriver: Makes what derives a key, for one attempt.
    init(
        of reader: KDBXReader,
        with passwords: any VaultPasswords,
        for reason: UnlockReason,
        on work: BlockingWork,
        makeDeriver: @escaping @Sendable () -> any KeyDeriver
    ) {
        self.reader = reader
        self.passwords = passwords
        self.reason = reason
        self.work = work
        self.makeDeriver = makeDeriver
    }

    /// Whether a lock has ended it.
    var isEnded: Bool { state.withLock { $0.isEnded } }

    /// Ends it: what it derives comes to nothing, and what it finds is not to be used.
    func end() {
        state.withLock { ($0.isEnded, $0.failed) = (true, []) }
        stopReading()
    }

    private func stopReading() {
        let (deriver, reading) = state.withLock { state in (state.deriver.take(), state.reading.take()) }
        deriver?.end()
        reading?.cancel()
    }

    /// Checks that the file is there and could be opened at all.
    func checkFile() async throws(VaultError) {
        try await timed { (reader) throws(VaultError) in try reader.checkFile() }
    }

    /// Reads files, which may be on a disk that hangs.
    private func timed<Value: Sendable>(
        _ read: @escaping @Sendable (KDBXReader) throws(VaultError) -> Value
    ) async throws(VaultError) -> Value {
        let (work, reader) = (work, reader)
        // Nil where it is late, or ended by a lock, which has its own words.
        let outcome = try? await withDeadline(Self.readingTimeout) {
            await Result { () async throws(VaultError) in
                try await work { () throws(VaultError) in try read(reader) }
            }
        }
        guard let outcome else { throw reader.takesTooLong }
        return try outcome.get()
    }

    /// Asks until the password is the right one.
    ///
    /// - Returns: What is in the file, and the password that opened it.
    /// - Throws: Why there is no such password; `.locked` or `.notUnlocked(.cancelled)` where it was ended.
    func open() async throws(VaultError) -> (opened: KDBXReader.Opened, password: SecretBytes?) {
        var attempt = 1
        while true {
            let password = try await passwords.password(attempt: attempt, for: reason)
            try goOn()
            let opened = try await open(with: password)
            try goOn()
            if let opened { return (opened, password) }
            // A lock forgets them.
            state.withLock { if !$0.isEnded { $0.failed.append(password) } }
            attempt += 1
        }
    }

    /// The passwords that did not open the file: one of them may have been the former one.
    var failed: [SecretBytes?] { state.withLock { $0.failed } }

    /// A password that the vault had before, from the person; nil if they can't or don't want to give one.
    func formerPassword(attempt: Int) async -> SecretBytes? {
        await passwords.formerPassword(attempt: attempt, for: reason)
    }

    /// Remembers the password that has opened it.
    func keep(_ password: SecretBytes?) async {
        await passwords.opened(with: password)
    }

    /// The error to report: a lock, or whoever gives the unlock up, ends the derivation and the password prompt, which
    /// report that in their own words.
    func failure(_ error: VaultError) -> VaultError {
        if reason.isGivenUp { return .notUnlocked(.cancelled) }
        return isEnded ? .notUnlocked(.lockedMeanwhile) : error
    }

    private func goOn() throws(VaultError) {
        guard !isEnded else { throw .locked }
        guard !reason.isGivenUp else { throw .notUnlocked(.cancelled) }
    }

    /// Tries a password; nil if it isn't the right one.
    private func open(with password: SecretBytes?) async throws(VaultError) -> KDBXReader.Opened? {
        let files = try await timed { (reader) throws(VaultError) in try reader.files() }
        let deriver = makeDeriver()
        let isEnded = state.withLock { state in
            state.deriver = deriver
            return state.isEnded
        }
        defer { state.withLock { ($0.deriver, $0.reading) = (nil, nil) } }
        guard !isEnded else { throw .locked }
        let reading = Task(executorPreference: MainLoop.executor) {
            [work, reader] () -> Result<KDBXReader.Opened?, VaultError> in
            do throws(VaultError) {
                return .success(
                    try await work { () throws(VaultError) in
                        try reader.open(files, with: password, by: deriver)
                    }
                )
            } catch {
                return .failure(error)
            }
        }
        state.withLock { $0.reading = reading }
        reason.cancellation?.whenCancelled { [weak self] in self?.stopReading() }
        // A lock that came before it could be stopped.
        if self.isEnded { stopReading() }
        return try await reading.value.get()
    }
}
