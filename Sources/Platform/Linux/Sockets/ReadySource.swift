// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConcurrencyTools
package import Dispatch
import Glibc

/// Dispatch sources for pipes, sockets and process descriptors: whatever can hang up.
///
/// When epoll reports a hang-up, libdispatch on Linux takes the source's record off its lists on the source's own
/// queue, unguarded, while its manager thread works on the same lists; sooner or later that crashes the process
/// (swift-corelibs-libdispatch issue 949, seen here in `_dispatch_event_loop_drain`). So the descriptor is watched by
/// an epoll descriptor of its own, and libdispatch watches that one, which is readable or not, and never hangs up.
package enum ReadySource {
    /// What the descriptor is to be ready for; a hang-up or an error counts as ready for either.
    package enum Interest: Sendable {
        case reading
        case writing

        fileprivate var events: UInt32 {
            switch self {
            case .reading: EPOLLIN.rawValue
            case .writing: EPOLLOUT.rawValue
            }
        }
    }

    /// A source that isn't active yet; its event handler runs again and again while the descriptor is ready.
    ///
    /// - Parameters:
    ///   - descriptor: Open until `closed` is called.
    ///   - interest: Ready for what.
    ///   - queue: Where the handlers run, a serial queue.
    ///   - closed: Called once the source is cancelled and done with the descriptor.
    /// - Returns: The source.
    /// - Throws: The failing call's `errno`; `closed` isn't called then.
    package static func make(
        _ descriptor: Int32,
        for interest: Interest,
        queue: DispatchQueue,
        closed: @escaping @Sendable () -> Void
    ) throws(SystemCallError) -> DispatchSource {
        let watch = try Descriptor("epoll_create1", epoll_create1(Int32(EPOLL_CLOEXEC)))
        var event = unsafe epoll_event()
        unsafe event.events = interest.events
        guard unsafe epoll_ctl(watch.number, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
            throw .last("epoll_ctl")
        }
        let number = watch.release()
        let source = DispatchSource.makeReadSource(fileDescriptor: number, queue: queue).concrete
        source.setCancelHandler {
            close(number)
            closed()
        }
        return source
    }
}
