// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX
import Linux
import Vault

// What Keybell had saved, for `KDBXKeptSaves`.
extension KDBXFile {
    /// The vault as it was last, under its own key: a whole file, to be kept elsewhere.
    ///
    /// No key is derived for it.
    func encrypted(_ former: Opened) throws(VaultError) -> [UInt8] {
        do throws(KDBXError) {
            return try former.snapshot.database.written(with: former.derived)
        } catch {
            throw VaultError(error, vault: reader.name, limits: reader.limits)
        }
    }

    /// What is in the file, if that is still as this state was read from it or written into it, and the disk has it for
    /// certain.
    func bytesForCertain(of state: Opened) -> [UInt8]? {
        guard state.isCertain, !state.isUnwritten,
            // What can't be read is nothing that is certain.
            let path = try? FileBytes.resolved(reader.path),
            let bytes = try? FileBytes.read(path, limit: KDBXReader.sizeLimit),
            Digest.sha256(bytes) == state.digest, SafeFile.synchronize(path)
        else { return nil }
        return bytes
    }

    /// What was opened, with what Keybell had saved and is known to be in it: where another program overwrites that now, it
    /// comes back.
    func withDuplicated(
        _ opened: Opened,
        in keptSaves: KDBXKeptSaves,
        otherVaults: Set<String>
    ) -> Opened {
        var opened = opened
        opened.saved.add(keptSaves.savesOfDuplicates(of: opened.digest, otherVaults: otherVaults))
        return opened
    }
}
