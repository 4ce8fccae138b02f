// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The folder that this process works in.
package enum WorkingFolder {
    /// Its path; empty where it has been removed.
    package static var path: String {
        guard let folder = unsafe getcwd(nil, 0) else { return "" }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder)
    }

    /// A path as it leads to the same file from every folder.
    package static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(self.path)/\(path)"
    }
}
