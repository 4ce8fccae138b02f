// SPDX-License-Identifier: Apache-2.0

import KDBX
import Vault

/// What one save puts into a KDBX file.
enum LoginSave: Sendable {
    /// A login, new or changed, as a client wants it.
    case one(LoginDraft)
    /// New logins, as the person brings them.
    case new([SealedDraft])

    /// Whether it is about a login that is there already.
    var isChange: Bool {
        switch self {
        case .one(let draft): draft.id != nil
        case .new: false
        }
    }

    /// Refuses what can't be saved, as far as a state of the vault says that.
    func check(in snapshot: KDBXSnapshot) throws(VaultError) {
        switch self {
        case .one(let draft):
            if try snapshot.changes(draft).isUnchanged { throw .unchanged }
        // There can be many: they are looked at where they are put into the file, off the serving thread.
        case .new: break
        }
    }

    /// Whether it gives a login another password.
    var replacesPassword: Bool {
        switch self {
        case .one(let draft): draft.password != nil
        case .new: true
        }
    }

    /// The database with it, and the logins that it is about.
    ///
    /// - Parameters:
    ///   - snapshot: A state of the vault.
    ///   - saves: What Keybell has saved in that.
    ///   - now: The time of the save.
    /// - Returns: The database, and the logins.
    /// - Throws: What the drafts don't allow.
    func applied(
        to snapshot: KDBXSnapshot,
        after saves: KDBXSaves,
        at now: Timestamp
    ) throws(VaultError) -> (Database, [LoginID]) {
        switch self {
        case .one(let draft): try snapshot.saved(draft, at: now, after: saves)
        case .new(let drafts): try snapshot.adding(drafts, at: now)
        }
    }
}
