// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import SecretService
import Settings

extension Keyring {
    /// The keyring, as seen from a command.
    static func quiet(_ bus: BusConnection, address: String? = nil, collection: String) -> Keyring {
        Keyring(
            bus: bus,
            address: address,
            collection: collection,
            logger: .silent
        )
    }

    /// Opens the person's keyring, whose own prompt may ask for its password.
    static func open(_ daemon: DaemonBus, collection: String) async throws(ConsoleError) -> Keyring {
        let keyring = quiet(daemon.bus, collection: collection)
        if await daemon.owner() != nil {
            // Only the daemon knows whether a provider has just left, and may be coming back.
            if await keyring.isStartable() { try await daemon.startKeyring() }
        } else {
            // One that the bus doesn't start is the person's, who may be starting it again: the bus's would keep its name.
            let last = ProviderMemory(folder: Folders.ofProcess().state).read()?.name
            if last == nil || last == KeyringReport.Program.gnomeKeyring.rawValue {
                await keyring.startFirst()
            }
        }
        guard await keyring.state() == .locked else { return keyring }
        Output.note("Your keyring is locked: its prompt asks for the password, where it has a display.")
        do throws(KeyringError) {
            try await keyring.unlock()
        } catch {
            throw .refused(error.advice)
        }
        return keyring
    }
}

extension DaemonBus {
    /// As long as a person may take for the prompt of a keyring that has just been started.
    private static let promptTime = Duration.seconds(150)

    /// Has the daemon start the keyring, as `keybell unlock keyring` does.
    fileprivate func startKeyring() async throws(ConsoleError) {
        try await call(
            VaultsInterface.description,
            VaultsInterface.unlock,
            texts: [VaultsInterface.keyring],
            timeout: Self.promptTime
        )
    }
}
