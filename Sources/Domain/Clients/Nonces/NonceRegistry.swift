// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
package import Logging
import Synchronization

/// Judges whether a nonce was used before (`admit`), and keeps those that were: for the requests to come and, in a file, for
/// those after a restart.
///
/// Whether a message's nonce is acceptable is judged at once, in memory. Reading and writing run on a thread of their
/// own: a change is written, and the disk has it, before it is carried out; reads are written together, a moment later,
/// and nobody waits for that. A file that can't be read or written stops changes, never reads, and a disk that hangs
/// counts as one, for the next ones at once where many wait for it. One that a crash has left empty counts as a new one.
package actor NonceRegistry {
    private struct Known {
        var nonces = UsedNonces()
        /// Whether what the file has is among them.
        var isRead = false
        var unwritten = UnwrittenNonces()
        var isWriting = false
        /// When a file that could not be read is looked at again.
        var nextReading: ContinuousClock.Instant?
    }

    private nonisolated let work = BlockingWork(label: "org.keybell.nonces")
    private nonisolated let known = Mutex(Known())
    private let folder: String?
    private let timeout: Duration
    private let rest: Duration
    private let logger: Logger
    /// How many records the file has, those that nobody needs any more among them.
    private var written = 0
    private var complaint: String?
    private var fullNotices = RareNotice()

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe work.executor.asUnownedSerialExecutor()
    }

    /// Keeps the file in a folder; nothing is read yet.
    ///
    /// - Parameters:
    ///   - folder: The state folder, which is made when it isn't there; nil keeps everything in memory alone.
    ///   - timeout: How long a disk may take.
    ///   - rest: How long a file that took too long, or made no sense, is left alone.
    ///   - logger: Where trouble with the file goes.
    package init(
        folder: String?,
        timeout: Duration = .seconds(5),
        rest: Duration = .seconds(10),
        logger: Logger
    ) {
        (self.folder, self.timeout, self.rest, self.logger) = (folder, timeout, rest, logger)
    }

    /// Reads the file, unless that is done or has just failed.
    ///
    /// - Returns: Whether it is known what may not come again.
    package nonisolated func load() async -> Bool {
        if known.withLock({ $0.isRead }) { return true }
        guard !isResting else { return false }
        if let isRead = await onDisk({ $0.read() }) { return isRead }
        // A disk that hangs gets a rest.
        beginRest()
        return known.withLock { $0.isRead }
    }

    /// Does something on the thread that reads and writes; nil where the disk takes too long for it.
    private nonisolated func onDisk<Value: Sendable>(
        _ act: @escaping @Sendable (isolated NonceRegistry) -> Value
    ) async -> Value? {
        await work(within: timeout) { self.assumeIsolated { act($0) } }
    }

    private nonisolated var isResting: Bool {
        known.withLock { $0.nextReading.map { .now < $0 } ?? false }
    }

    private nonisolated func beginRest() {
        known.withLock { $0.nextReading = .now + rest }
    }

    /// Judges the nonce of a verified message, which is known from then on.
    ///
    /// - Parameters:
    ///   - nonce: The nonce.
    ///   - hasHmac: Whether the message has an Hmac, so that its sender uses no nonce twice.
    ///   - isChange: Whether it would change something; it is to be carried out only once ``record(_:)`` says so.
    /// - Returns: False for what is to be refused: a message without Hmac from a key that has used them is, too.
    package nonisolated func admit(_ nonce: UsedNonce, hasHmac: Bool, isChange: Bool) -> Bool {
        let (isAdmitted, startsWriting) = known.withLock { known in
            let former = known.nonces.kind(of: nonce)
            guard former != .exhausted, !(isChange && former == .change),
                hasHmac ? former == nil : !known.nonces.hasReads(of: nonce.owner)
            else { return (false, false) }
            if isChange {
                // Without room for it, there is nothing to record.
                _ = known.nonces.insert(nonce, .change)
                return (true, false)
            }
            guard hasHmac, known.nonces.insert(nonce, .read) else { return (true, false) }
            known.unwritten.add(nonce.encoded(as: .read))
            defer { known.isWriting = true }
            return (true, !known.isWriting)
        }
        if startsWriting {
            Task(executorPreference: MainLoop.executor) {
                try? await pause(Self.batchTime)  // nobody cancels it
                await self.flush()
            }
        }
        return isAdmitted
    }

    /// Whether there was room for a change that was admitted; there is for only so many within a day.
    package nonisolated func hasChange(_ nonce: UsedNonce) -> Bool {
        known.withLock { $0.nonces.kind(of: nonce) == .change }
    }

    /// Notes down a change that was admitted, before it is carried out; returns once the disk has it.
    ///
    /// - Returns: False if it can't be noted down, or the disk takes too long.
    package nonisolated func record(_ nonce: UsedNonce) async -> Bool {
        await onDisk { $0.recordNow(nonce) } ?? false
    }

    private func recordNow(_ nonce: UsedNonce) -> Bool {
        guard read() else { return false }
        guard hasChange(nonce) else {
            logFull()
            return false
        }
        return write(nonce.encoded(as: .change), waitsForDisk: true)
    }

    /// Notes down a nonce under which too much didn't decrypt; a disk that hangs gets it with what is written next.
    package nonisolated func exhaust(_ nonce: UsedNonce) async {
        let isNew = known.withLock { known in
            guard known.nonces.insert(nonce, .exhausted) else { return false }
            known.unwritten.add(nonce.encoded(as: .exhausted))
            return true
        }
        if isNew { _ = await onDisk { $0.flushNow(waitsForDisk: true) } }
    }

    /// Hands the reads that aren't written yet to the system; a disk that hangs is left to itself.
    package nonisolated func flush() async {
        guard await onDisk({ $0.flushNow(waitsForDisk: false) }) == nil else { return }
        // The next read tries again.
        known.withLock { $0.isWriting = false }
    }

    private func flushNow(waitsForDisk: Bool) {
        let hasMore = known.withLock { known in
            known.isWriting = false
            return !known.unwritten.isEmpty
        }
        guard hasMore, read() else { return }
        _ = write([], waitsForDisk: waitsForDisk)  // this process knows them all the same
    }

    private var path: String? { folder.map(Self.path) }
    private static func path(in folder: String) -> String { "\(folder)/nonces" }

    /// Why the file can't be used, so that nothing can be changed; nil where it can be.
    ///
    /// It reads the disk.
    package static func trouble(in folder: String) -> String? {
        let path = path(in: folder)
        do throws(SystemCallError) {
            return UsedNonces.decode(try FileBytes.read(path, limit: longestFile)) == nil
                ? senseless(path) : nil
        } catch {
            return error.isNoSuchFile ? nil : "\(path) can't be read (\(error.words))"
        }
    }

    private static func senseless(_ path: String) -> String {
        "\(path) is damaged; once you have moved it away, changes work again, and requests that came before could be repeated"
    }

    private func read() -> Bool {
        guard !known.withLock({ $0.isRead }) else { return true }
        guard !isResting else { return false }
        guard let folder, let path else {
            known.withLock { $0.isRead = true }
            return true
        }
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            var bytes: [UInt8]?
            do throws(SystemCallError) {
                bytes = try FileBytes.read(path, limit: Self.longestFile)
            } catch  where error.isNoSuchFile {
                bytes = nil
            }
            guard let former = bytes.map(UsedNonces.decode) ?? UsedNonces() else {
                beginRest()
                complain(Self.senseless(path))
                return false
            }
            let all = known.withLock { known in
                var nonces = former
                nonces.merge(known.nonces)
                known.nonces = nonces
                known.unwritten = UnwrittenNonces()
                return nonces
            }
            let encoded = all.encoded()
            if encoded != bytes { try Self.write(encoded, to: path) }
            written = all.count
            known.withLock { $0.isRead = true }
            complaint = nil
            return true
        } catch {
            // No rest: a disk that refuses does so at once, and may be back the next moment.
            complain("\(error)")
            return false
        }
    }

    /// Writes a record and those that were left for later.
    private func write(_ record: [UInt8], waitsForDisk: Bool) -> Bool {
        guard let path else { return true }
        let (records, isTooLong) = known.withLock { known in
            defer { known.unwritten = UnwrittenNonces() }
            let isTooLong = known.unwritten.areTooMany || written > 2 * known.nonces.count + Self.slack
            return (known.unwritten.records + record, isTooLong)
        }
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                guard !isTooLong else { throw SystemCallError(call: "append", code: 0) }
                try SafeFile.appendRecords(
                    records,
                    of: UsedNonce.recordLength,
                    to: path,
                    waitsForDisk: waitsForDisk
                )
                written += records.count / UsedNonce.recordLength
            } catch {
                // Too long, gone, or cut off in a record: written anew from memory.
                try rewrite(path)
            }
            complaint = nil
            return true
        } catch {
            // What is lost of the file is still in memory.
            written = .max
            complain("\(error)")
            return false
        }
    }

    private func rewrite(_ path: String) throws(SystemCallError) {
        let nonces = known.withLock { $0.nonces }
        if let folder { try SafeFile.makeFolder(folder) }
        try Self.write(nonces.encoded(), to: path)
        written = nonces.count
    }

    /// What a crash might take back doesn't count: a change could be repeated then.
    private static func write(_ bytes: [UInt8], to path: String) throws(SystemCallError) {
        guard try SafeFile.write(bytes, to: path) else { throw SystemCallError(call: "fsync", code: EIO) }
    }

    private func logFull() {
        guard let count = fullNotices.take(at: .now) else { return }
        logger.notice(
            "a change is refused: more came within a day than are remembered",
            metadata: ["times": "\(count)"]
        )
    }

    /// Says what is wrong, once for every reason.
    private func complain(_ reason: String) {
        guard complaint != reason else { return }
        complaint = reason
        logger.error(
            "changes are refused: the file that remembers requests can't be used",
            metadata: ["file": "\(path ?? "")", "why": "\(reason)"]
        )
    }

    /// How long reads wait to be written together.
    private static let batchTime = Duration.milliseconds(100)
    /// How many records more than twice those that count a file may have.
    private static let slack = 8192
    private static let longestFile = (2 * UsedNonces.limit + 2 * slack) * UsedNonce.recordLength
}
