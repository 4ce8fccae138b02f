// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// Checks whether secrets can be kept out of swap, by making a heap like the daemon's.
enum MemoryCheck {
    static func finding() -> Finding {
        SecureHeap.prepare()
        return finding(SecureHeap.state)
    }

    static func finding(_ state: SecureHeap.State) -> Finding {
        let subject = "Locked memory"
        switch state {
        case .locked:
            // The daemon's heap is another one; only it knows whether that was ever full.
            let size = "\(SecureHeap.size >> 20) MiB"
            return .ok(
                subject,
                "\(size) of secrets are kept out of swap and core dumps; the daemon's log says if it ever needs more"
            )
        case .notLocked:
            return .warning(
                subject,
                "secrets can't be locked, so they could be swapped out",
                do: "Allow at least 1 MiB: `ulimit -l` shows the limit; LimitMEMLOCK= in the unit raises it."
            )
        case .forbidden:
            return .warning(
                subject,
                "the system lets no memory be locked here, so secrets could be swapped out",
                do:
                    "Let the filter of system calls (of a container, or SystemCallFilter= of a unit) allow mlock."
            )
        case .unavailable:
            return .warning(
                subject,
                "there is no secure heap; secrets are wiped after use, but not guarded",
                do: "Check the memory limits of your session; OpenSSL couldn't reserve 1 MiB."
            )
        }
    }
}
