// SPDX-License-Identifier: Apache-2.0

import Kernel
package import Logging
import Synchronization

/// The nonces that may not come again, kept in a file so that a restart doesn't let them.
///
/// Reading and writing run on a thread of their own, and a change is written, and the disk has it, before it is carried
/// out. A file that can't be read or written stops changes, never reads.
package actor NonceLedger {
    private nonisolated let queue = TaskQueue(label: "org.keybell.nonces")
    private nonisolated let known = Mutex<SpentNonces?>(nil)
    private let folder: String
    private let logger: Logger
    private let now: @Sendable () -> UInt64
    /// How many records the file has, those that nobody needs any more among them.
    private var written = 0
    private var complaint: String?

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe queue.asUnownedSerialExecutor()
    }

    /// Keeps the file in a folder; nothing is read yet.
    ///
    /// - Parameters:
    ///   - folder: The state folder, which is made when it isn't there.
    ///   - logger: Where trouble with the file goes.
    ///   - now: The time, in seconds since 1970.
    package init(folder: String, logger: Logger, now: @escaping @Sendable () -> UInt64) {
        (self.folder, self.logger, self.now) = (folder, logger, now)
    }

    /// Whether a nonce may not come again; says no as long as nothing could be read.
    ///
    /// - Parameters:
    ///   - nonce: The nonce.
    ///   - asChange: Whether it comes with a change, or from a client that uses no nonce twice; if not, only one that is
    ///     used up is refused.
    /// - Returns: Whether it is to be refused.
    package nonisolated func holds(_ nonce: SpentNonce, asChange: Bool) -> Bool {
        known.withLock { $0?.holds(nonce, asChange: asChange) ?? false }
    }

    /// Reads the file, unless that is done.
    ///
    /// - Returns: Whether it is known what may not come again.
    package nonisolated func load() async -> Bool {
        if known.withLock({ $0 != nil }) { return true }
        return await read()
    }

    /// Notes down a change before it is carried out; returns once the disk has it.
    ///
    /// - Returns: False if the nonce has been spent before, or can't be noted down.
    package func spend(_ nonce: SpentNonce) -> Bool {
        keep(nonce, .change)
    }

    /// Notes down a nonce under which too much didn't decrypt.
    package func exhaust(_ nonce: SpentNonce) {
        _ = keep(nonce, .exhausted)  // what can't be written is known to this process all the same
    }

    private var path: String { "\(folder)/nonces" }

    private func read() -> Bool {
        guard known.withLock({ $0 == nil }) else { return true }
        do throws(KernelError) {
            try SafeFile.makeFolder(folder)
            let bytes: [UInt8]
            do throws(KernelError) {
                bytes = try FileBytes.read(path, limit: Self.longestFile)
            } catch  where error.isNoSuchFile {
                bytes = SpentNonces.header
            }
            guard var nonces = SpentNonces.decode(bytes) else {
                complain("it is no file of Keybell's: move it away")
                return false
            }
            nonces.expire(at: now())
            let kept = nonces.encoded()
            if kept != bytes || nonces.count == 0 { try SafeFile.write(kept, to: path) }
            written = nonces.count
            known.withLock { $0 = nonces }
            complaint = nil
            return true
        } catch {
            complain("\(error)")
            return false
        }
    }

    private func keep(_ nonce: SpentNonce, _ kind: SpentNonce.Kind) -> Bool {
        guard read() else { return false }
        guard known.withLock({ $0?.insert(nonce, kind) ?? false }) else { return false }
        do throws(KernelError) {
            do throws(KernelError) {
                guard written < Self.mostRecords else { throw KernelError(call: "append", code: 0) }
                try SafeFile.appendRecord(SpentNonces.record(nonce, kind), to: path)
                written += 1
            } catch {
                // Too long, gone, or cut off in a record: written anew from memory.
                try rewrite()
            }
            complaint = nil
            return true
        } catch {
            complain("\(error)")
            return false
        }
    }

    private func rewrite() throws(KernelError) {
        let now = now()
        let nonces = known.withLock { nonces in
            nonces?.expire(at: now)
            return nonces ?? SpentNonces()
        }
        try SafeFile.makeFolder(folder)
        try SafeFile.write(nonces.encoded(), to: path)
        written = nonces.count
    }

    /// Says what is wrong, once for every reason.
    private func complain(_ reason: String) {
        guard complaint != reason else { return }
        complaint = reason
        logger.error(
            "changes are refused: the file that remembers requests can't be used",
            metadata: ["file": "\(path)", "why": "\(reason)"]
        )
    }

    private static let mostRecords = 2 * SpentNonces.limit
    private static let longestFile = (mostRecords + 2) * SpentNonces.recordLength
}
