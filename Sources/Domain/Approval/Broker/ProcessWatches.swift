// SPDX-License-Identifier: Apache-2.0

package import Callers
import Linux

/// The watches for the ends of asking processes.
package struct ProcessWatches {
    /// Calls its closure when a process ends; letting go of the result ends the watch.
    ///
    /// The result is nil if the process has ended already.
    package typealias Watch = @Sendable (ProcessIdentity, @escaping @Sendable () -> Void) -> (any Sendable)?

    /// The kernel's, by pidfd.
    package static let byDescriptor: Watch = { process, fire in
        ProcessExit(pid: process.pid, startTime: process.startTime, fire: fire)
    }

    private let watch: Watch
    private var running: [ProcessIdentity: any Sendable] = [:]

    init(by watch: @escaping Watch) {
        self.watch = watch
    }

    /// Watches just these; `ended` is called, from anywhere, for each whose end comes or has come.
    mutating func follow(
        _ wanted: Set<ProcessIdentity>,
        ended: @escaping @Sendable (ProcessIdentity) -> Void
    ) {
        running = running.filter { wanted.contains($0.key) }
        for process in wanted where running[process] == nil {
            if let watch = watch(process, { ended(process) }) {
                running[process] = watch
            } else {
                ended(process)
            }
        }
    }

    /// One has ended.
    mutating func end(_ process: ProcessIdentity) {
        running[process] = nil
    }
}
