// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
package import KDBX
import Linux
package import SecureMemory
import Synchronization

/// Derives keys in a process of its own, which ends at its deadline, when it is told to, or when this one does.
///
/// Argon2 can't be interrupted, and its cost is given by a header that hasn't been authenticated yet.
package final class DerivationProcess: KeyDeriver {
    private struct State {
        var isEnded = false
        var child: ChildProgram?
    }

    private let program: [String]
    private let state = Mutex(State())

    /// Prepares one; nothing is started yet.
    ///
    /// - Parameter program: What is started, and its arguments: a program whose main begins with
    ///   `DerivationWorker.runIfAsked()`. By default this very one, even after another has been installed in its place.
    package init(program: [String] = ["/proc/self/exe", DerivationWorker.argument]) {
        self.program = program
    }

    /// Starts the process and waits for its result; not to be called on an actor or a queue that something else needs.
    package func derive(
        _ derivation: KeyDerivation,
        from key: SecretBytes,
        limits: KDBXLimits
    ) throws(KDBXError) -> SecretBytes {
        try derivation.check(limits)
        let request = DerivationMessage.Request(
            asker: getpid(),
            seconds: limits.seconds,
            derivation: derivation,
            key: key
        ).encoded
        guard request.count <= DerivationMessage.longest else { throw .excessive(.fields) }
        let deadline = DispatchTime.now() + .seconds(limits.seconds)
        let answer = DerivationOutput()
        let child: ChildProgram
        do throws(SystemCallError) {
            child = try ChildProgram(program) { answer.add($0) }
        } catch {
            throw .failed
        }
        defer {
            child.kill()
            state.withLock { $0.child = nil }
        }
        let isWanted = state.withLock { state in
            state.child = child
            return !state.isEnded
        }
        guard isWanted else { throw .cancelled }
        guard request.withSpan({ child.write($0) }) else { throw isEnded ? .cancelled : .failed }
        child.closeInput()
        let isInTime = answer.wait(until: deadline)
        guard !isEnded else { throw .cancelled }
        guard isInTime else { throw .tooCostly(.time) }
        guard let derived = answer.key else { throw .failed }
        return derived
    }

    /// Ends the process at once, from any thread.
    package func end() {
        let child = state.withLock { state in
            state.isEnded = true
            return state.child
        }
        child?.kill()
    }

    private var isEnded: Bool { state.withLock { $0.isEnded } }
}

/// What the process has written so far.
final class DerivationOutput: Sendable {
    /// Large enough for the whole key from the start, so that growing leaves no copy behind.
    let bytes: Mutex<[UInt8]>
    private let isComplete = DispatchSemaphore(value: 0)

    init() {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(DerivationMessage.keyLength + 1)
        self.bytes = Mutex(bytes)
    }

    /// Takes what came; an empty chunk is the end.
    func add(_ chunk: Span<UInt8>) {
        guard !chunk.isEmpty else {
            isComplete.signal()
            return
        }
        bytes.withLock { bytes in
            // One byte too many shows that it isn't a key.
            for index in chunk.indices where bytes.count <= DerivationMessage.keyLength {
                bytes.append(chunk[index])
            }
            if bytes.count > DerivationMessage.keyLength { isComplete.signal() }
        }
    }

    func wait(until deadline: DispatchTime) -> Bool { isComplete.wait(timeout: deadline) == .success }

    /// The key, taken out; nil if it isn't one.
    var key: SecretBytes? {
        bytes.withLock { bytes in
            defer {
                for index in bytes.indices { bytes[index] = 0 }
                bytes = []
            }
            return bytes.count == DerivationMessage.keyLength ? SecretBytes(copying: bytes) : nil
        }
    }
}
