// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import KDBX
import Linux
import SecureMemory

/// The other side of `DerivationProcess`: what a program that is started to derive one key does.
package enum DerivationWorker {
    /// The argument with which it is started; not one that a person would think of.
    package static let argument = "keybell-derive-key"

    /// Derives a key and exits, if that is what this process was started for; before anything else in a main.
    package static func runIfAsked() {
        guard CommandLine.argc == 2, CommandLine.arguments.last == argument else { return }
        exit(run())
    }

    private static func run() -> Int32 {
        // Only the process that asked wants the key, so this one ends with it.
        _ = keybell_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL))
        // What the kernel refuses here it has refused the daemon, too, which has said so.
        try? Hardening.forbidDumps()
        // Inherited from the daemon, where the kernel allows it, and nothing is started from here.
        try? Hardening.forbidNewPrivileges()
        let name: StaticString = "keybell-kdf"
        _ = unsafe keybell_prctl(PR_SET_NAME, UInt(bitPattern: name.utf8Start))
        SecureHeap.prepare()
        guard let request = DerivationMessage.Request(readMessage()), getppid() == request.asker else {
            return 1
        }
        fence(request)
        var limits = KDBXLimits()
        // Checked by the asking process; here only the limits of the process itself apply.
        (limits.aesRounds, limits.argon2Memory) = (.max, .max)
        (limits.argon2Work, limits.argon2Threads) = (.max, .max)
        do throws(KDBXError) {
            let key = try DirectDeriver().derive(request.derivation, from: request.key, limits: limits)
            return write(key) ? 0 : 1
        } catch {
            return 1
        }
    }

    /// All of standard input, or its beginning if that is longer than any message.
    private static func readMessage() -> SecretBytes {
        unsafe SecretBytes(count: DerivationMessage.longest) { buffer in
            var count = 0
            while count < buffer.count {
                let more = unsafe read(0, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
                guard more > 0 || more < 0 && errno == EINTR else { break }
                count += max(more, 0)
            }
            return count
        }
    }

    private static func write(_ key: SecretBytes) -> Bool {
        unsafe key.withUnsafeBytes { bytes in
            unsafe Glibc.write(1, bytes.baseAddress, bytes.count) == bytes.count
        }
    }

    /// Limits in case nobody ends it: memory by what the derivation says it takes, and time of all processors together.
    private static func fence(_ request: DerivationMessage.Request) {
        let processors = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
        limit(RLIMIT_CPU.rawValue, UInt(request.seconds + 2) * UInt(processors))
        guard case .argon2(let parameters) = request.derivation, let used = usedMemory() else { return }
        // On top of what is mapped by now: its threads' stacks, and the arenas that a heap reserves for them.
        limit(
            RLIMIT_AS.rawValue,
            used + UInt(parameters.memory) + UInt(processors) * (136 << 20) + (256 << 20)
        )
        var locked = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &locked) == 0,
            locked.rlim_cur > UInt(parameters.memory) + (128 << 20)
        else { return }
        // If that much may be locked at all, none of it reaches the swap.
        mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)
    }

    private static func limit(_ resource: UInt32, _ value: UInt) {
        var bound = rlimit(rlim_cur: value, rlim_max: value)
        unsafe setrlimit(__rlimit_resource_t(resource), &bound)
    }

    /// The bytes of address space that are in use.
    private static func usedMemory() -> UInt? {
        // Without /proc it isn't known.
        guard let bytes = try? FileBytes.read("/proc/self/statm") else { return nil }
        let pages = String(decoding: bytes, as: UTF8.self).split(separator: " ").first.flatMap { UInt($0) }
        return pages.map { $0 * UInt(max(sysconf(Int32(_SC_PAGESIZE)), 1)) }
    }
}
