// SPDX-License-Identifier: Apache-2.0

import Linux

extension VaultCheck {
    /// Says where the daemon can't follow what other programs write into the file; nothing if it can.
    func unwatched(_ path: String) -> [Finding] {
        let trouble: String
        do throws(SystemCallError) {
            guard let gap = try FileWatch(path, changed: {}).gaps.first else { return [] }
            trouble = "\(gap)"
        } catch {
            trouble = "\(error)"
        }
        return [
            .warning(
                subject,
                "changes of \(path) are seen only when it is used: not all of the way to it can be watched (\(trouble))",
                do:
                    "Where a folder may not be read, `chmod u+r` it; where there are too many watches, raise fs.inotify.max_user_watches (`man 7 inotify`)."
            )
        ]
    }
}
