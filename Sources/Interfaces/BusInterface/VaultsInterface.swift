// SPDX-License-Identifier: Apache-2.0

/// `org.keybell.Vaults1`: the vaults that logins come from.
package enum VaultsInterface {
    /// The interface name.
    package static let name = "org.keybell.Vaults1"
    /// The object that carries it.
    package static let path = "/org/keybell/Vaults"

    /// Every vault, in the order of the configuration.
    package static let list = BusMethod("List", out: [BusArgument("vaults", "aa{sv}")])
    /// Locks a vault, or all of them for an empty name.
    package static let lock = BusMethod("Lock", in: [BusArgument("name", "s")])
    /// Unlocks a vault, or all of them for an empty name; returns when the person has answered.
    package static let unlock = BusMethod("Unlock", in: [BusArgument("name", "s")])

    /// The same for a caller that says where it can be asked for the password (`UnlockOption`).
    package static let unlockWithOptions = BusMethod(
        "UnlockWithOptions",
        in: [BusArgument("name", "s"), BusArgument("options", "a{sv}")]
    )
    /// Gives up the caller's own calls of `UnlockWithOptions`, which then fail.
    package static let cancelUnlock = BusMethod("CancelUnlock")

    /// Puts logins of another program into a vault, or says what that would do; the vault has to be open.
    package static let importLogins = BusMethod(
        "Import",
        in: [BusArgument("name", "s"), BusArgument("logins", "h"), BusArgument("options", "a{sv}")],
        out: [BusArgument("result", "a{sv}")]
    )

    /// A vault has been locked or unlocked, or its entries have changed.
    package static let changed = BusSignal("Changed")

    /// The program's version.
    package static let version = CommonProperty.version

    /// The interface as a whole.
    package static let description = BusInterfaceDescription(
        name: name,
        path: path,
        methods: [list, lock, unlock, unlockWithOptions, cancelUnlock, importLogins],
        signals: [changed],
        properties: [version]
    )

    /// The name that stands for the keyring itself, where no vault has it.
    package static let keyring = "keyring"

    /// Options of `UnlockWithOptions`.
    package enum UnlockOption {
        /// `s`: the device of the caller's own terminal, which it lends to pinentry.
        package static let terminal = "terminal"
        /// `s`: what TERM is there.
        package static let terminalType = "terminal-type"
        /// `s`: what LC_CTYPE is there.
        package static let locale = "locale"
        /// `b`: whether the person sees the session's display, too; if not, only the terminal is used.
        package static let display = "display"
    }

    /// Options of `Import`.
    package enum ImportOption {
        /// `b`: whether nothing is to be stored.
        package static let dryRun = "dry-run"
    }

    /// Keys of the result of `Import`.
    package enum ImportKey {
        /// `s`: the vault's name.
        package static let vault = "vault"
        /// `ay`: for each login, in the order in which they came, what becomes of it: 0 new, 1 the same is there,
        /// 2 another one is there, 3 it can't be kept, 4 (of a dry run) one of that user is there.
        package static let outcomes = "outcomes"
        /// `a(us)`: of those that can't be kept, their places and why, a sentence; at most a thousand.
        package static let reasons = "reasons"
    }

    /// Keys of a vault's dictionary.
    package enum Key {
        /// `s`: the name from the configuration.
        package static let name = "name"
        /// `s`: keyring or kdbx.
        package static let kind = "kind"
        /// `s`: the file, or the collection's object path.
        package static let path = "path"
        /// `u`: how many entries have no uuid of their own in the file; absent where all have.
        package static let withoutUUID = "without-uuid"
        /// `s`: of an open vault whose file can no longer be read as it is now, so that it is served as it was: why;
        /// absent if it can.
        package static let trouble = "trouble"
        /// `as`: files with what Keybell had saved and can't put into the vault's file; absent where there are none.
        package static let kept = "kept"
        /// `s`: why something that Keybell had saved is in memory alone, and lost when it ends, or in the vault's file alone,
        /// without the copy that puts it back, and what to do about it; absent where nothing is.
        package static let unkept = "unkept"
        /// `b`: whether it must be unlocked first.
        package static let locked = "locked"
        /// `u`: how many logins; 0 while locked.
        package static let entries = "entries"
        /// `s`: 40 hex digits, empty while it isn't known.
        package static let hash = "hash"
    }
}
