// SPDX-License-Identifier: Apache-2.0

extension ProcessTable {
    /// Whether a process has the same processes and mounts before it as another, and the same root.
    ///
    /// What is told of every process of the same user, also of one that forbids to be looked at: so it can't hide that it is in
    /// a sandbox or a container. False for one that is gone.
    package static func shareView(_ pid: Int32, _ other: Int32) -> Bool {
        guard let one = View("/proc/\(pid)"), let other = View("/proc/\(other)") else { return false }
        return one == other
    }

    private struct View: Equatable {
        /// How many process namespaces are nested here, as far as our `/proc` can see.
        let depth: Int
        /// The number of the mount that is its root: each mount namespace has numbers of its own.
        let root: Substring

        init?(_ folder: String) {
            guard let depth = Self.fields(after: "NSpid:", in: folder + "/status")?.count,
                let mounts = Self.lines(of: folder + "/mountinfo"),
                // number parent device root point …; of several at one point the last one is seen
                let root = mounts.lazy.map({ $0.split(separator: " ", maxSplits: 5) })
                    .last(where: { $0.count == 6 && $0[4] == "/" })?.first
            else { return nil }
            (self.depth, self.root) = (depth, root)
        }

        private static func fields(after name: String, in file: String) -> [Substring]? {
            lines(of: file)?.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: "\t")
        }

        private static func lines(of file: String) -> [Substring]? {
            guard let bytes = try? FileBytes.read(file, limit: 4 << 20) else { return nil }  // gone: nil
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        }
    }
}
