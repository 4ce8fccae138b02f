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
    /// Those whose end was there before the watch, and is told once.
    private var told: Set<ProcessIdentity> = []

    init(by watch: @escaping Watch) {
        self.watch = watch
    }

    /// Watches just these; `ended` is called, from anywhere, for each whose end comes or has come.
    mutating func follow(
        _ wanted: Set<ProcessIdentity>,
        ended: @escaping @Sendable (ProcessIdentity) -> Void
    ) {
        running = running.filter { wanted.contains($0.key) }
        told.formIntersection(wanted)
        for process in wanted where running[process] == nil && !told.contains(process) {
            if let watch = watch(process, { ended(process) }) {
                running[process] = watch
            } else {
                told.insert(process)
                ended(process)
            }
        }
    }

    /// One has ended.
    mutating func end(_ process: ProcessIdentity) {
        running[process] = nil
        told.remove(process)
    }
}
