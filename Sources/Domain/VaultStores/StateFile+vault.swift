// SPDX-License-Identifier: Apache-2.0

import Linux
import Vault

extension StateFile {
    /// Writes what a vault keeps; it is an error, too, if a crash may bring the former content back.
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
