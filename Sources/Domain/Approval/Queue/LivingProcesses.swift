// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux

/// The processes that wait for an answer and haven't ended.
///
/// Nothing is to be done before the last of them has: so one at a time is watched, however many there are, and a watch
/// takes descriptors.
struct LivingProcesses: Sendable {
    private var all: Set<ProcessIdentity>

    /// Whose end matters next; nil if all have ended.
    private(set) var watched: ProcessIdentity?

    init(_ processes: some Sequence<ProcessIdentity>) {
        all = Set(processes)
        watched = all.first
    }

    /// Whether all have ended.
    var isEmpty: Bool { all.isEmpty }

    mutating func formUnion(_ others: some Sequence<ProcessIdentity>) {
        all.formUnion(others)
        watched = watched ?? all.first
    }

    /// One has ended.
    mutating func remove(_ process: ProcessIdentity) {
        all.remove(process)
        if watched == process { watched = all.first }
    }
}
