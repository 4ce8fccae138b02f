// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Where programs are, as the system finds them when it starts one by its name.
package enum ProgramSearch {
    /// Finds a program.
    ///
    /// - Parameters:
    ///   - program: A path, or a name.
    ///   - path: The folders to look in, as in `PATH`.
    /// - Returns: A path that holds something executable, nil if there is none; a path is given back as it is.
    package static func find(_ program: String, path: String) -> String? {
        guard !program.contains("/") else { return program }
        return path.split(separator: ":").map { "\($0)/\(program)" }.first { file in
            var status = stat()
            return unsafe access(file, X_OK) == 0 && stat(file, &status) == 0
                && status.st_mode & S_IFMT == S_IFREG
        }
    }
}
