// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Kernel
import Synchronization

/// Searches all processes for sockets, off every thread that serves, and once for all who ask meanwhile.
final class SocketSearch: Sendable {
    private typealias Waiter = (inode: UInt64, resume: @Sendable ([SocketHolder]) -> Void)

    private let queue = DispatchQueue(label: "org.keybell.identification")
    private let waiting = Mutex<[Waiter]>([])

    /// Everybody who has this socket at some moment between the call and its return.
    func holders(of inode: UInt64) async -> [SocketHolder] {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append((inode, { continuation.resume(returning: $0) })) }
            queue.async { self.searchForAll() }
        }
    }

    /// One search for those that wait; who comes while it runs has the next one.
    private func searchForAll() {
        let waiters = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !waiters.isEmpty else { return }
        let found = Dictionary(grouping: SocketHolder.find(Set(waiters.map(\.inode))), by: \.inode)
        for waiter in waiters { waiter.resume(found[waiter.inode] ?? []) }
    }
}
