// SPDX-License-Identifier: Apache-2.0

import Linux
import Vault

extension StateFile {
    /// Writes what a vault keeps; an error where a crash may bring the former one back, too.
    func keep(_ content: Content) throws(VaultError) {
        let isOnDisk: Bool
        do throws(SystemCallError) {
            isOnDisk = try write(content)
        } catch {
            throw .failed("The state can't be written to \(path): \(error)")
        }
        guard isOnDisk else {
            throw .failed("The state is written to \(path), but a crash may bring the one before back")
        }
    }
}
