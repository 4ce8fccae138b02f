// SPDX-License-Identifier: Apache-2.0

import DBus
import Logging
import SecretService
import Settings

extension Keyring {
    /// The keyring, as seen from a command: what goes wrong comes as an error, and a log on a terminal would say
    /// it twice.
    static func quiet(_ bus: BusConnection, address: String? = nil, collection: String) -> Keyring {
        Keyring(
            bus: bus,
            address: address,
            collection: collection,
            logger: Logger(label: "keybell") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Opens the person's keyring, whose own prompt may ask for its password.
    static func open(collection: String) async throws(ConsoleError) -> Keyring {
        let keyring = quiet(try await DaemonBus.connect().bus, collection: collection)
        // One that the bus doesn't start is the person's, who may be starting it again: the bus's would keep its name.
        let last = ProviderMemory(folder: Folders.ofProcess().state).read()?.name
        if last == nil || last == KeyringReport.Program.gnomeKeyring.rawValue { await keyring.startFirst() }
        guard await keyring.state() == .locked else { return keyring }
        Output.note("Your keyring is locked; its prompt asks for the password.")
        do throws(KeyringError) {
            try await keyring.unlock()
        } catch {
            throw .refused(error.advice)
        }
        return keyring
    }
}
