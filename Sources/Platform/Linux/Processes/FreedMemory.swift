// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Synchronization

/// Memory that this process has freed, and that the C library keeps for later.
package enum FreedMemory {
    private static let queue = DispatchQueue(label: "org.keybell.memory")
    private static let isPlanned = Atomic<Bool>(false)

    /// Gives it back to the system shortly, on a thread of its own; once, however often this is called meanwhile.
    package static func giveBackSoon() {
        guard !isPlanned.exchange(true, ordering: .relaxed) else { return }
        queue.asyncAfter(deadline: .now() + .seconds(1)) {
            isPlanned.store(false, ordering: .relaxed)
            malloc_trim(0)
        }
    }
}
