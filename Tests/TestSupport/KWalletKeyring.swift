// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation

/// A real kwalletd with the person's first wallet.
package final class KWalletKeyring: KeyringProvider {
    /// What the wallet opens with.
    package let password = "demopass"
    private let bus: PrivateBus
    private let screen: Desktop
    private let child: Observed<ChildProcess>
    private static let window = ["--class", "kwalletd5"]
    private static let name = "org.kde.kwalletd5"
    private static let path: ObjectPath = "/modules/kwalletd5"
    private static let interface = "org.kde.KWallet"

    /// Starts kwalletd, which has no wallet yet, and makes one by its wizard.
    ///
    /// - Parameters:
    ///   - bus: Where it serves; its files are in that bus's folders.
    ///   - screen: Where it shows its prompts.
    ///   - start: Whether there is to be a wallet.
    /// - Throws: `TimedOut` where it doesn't come up.
    package init(on bus: PrivateBus, screen: Desktop, _ start: KeyringStart = .open) async throws {
        self.bus = bus
        self.screen = screen
        try bus.folder.write(
            "config/kwalletrc",
            "[Wallet]\nFirst Use=false\nEnabled=true\n[org.freedesktop.secrets]\napiEnabled=\(start != .idle)\n"
        )
        child = Observed(try Self.start(on: bus, screen))
        _ = try await bus.owner(of: start == .idle ? Self.name : "org.freedesktop.secrets")
        if start == .open { try await makeWallet() }
    }

    deinit {
        child.now.kill()
    }

    package var pid: Int32 { child.now.pid }

    /// Closes the wallet, as KWalletManager does.
    package func lock() async throws {
        let connection = try await bus.connect()
        _ = try await connection.call(
            Self.name,
            Self.path,
            Self.interface,
            "close",
            [.string("kdewallet"), .boolean(true)]
        )
        await connection.close()
    }

    /// Deletes an entry of the open wallet, as KWalletManager does.
    package func delete(_ label: String) async throws {
        let connection = try await bus.connect()
        let program = Value.string("Tests")
        let opened = try await connection.call(
            Self.name,
            Self.path,
            Self.interface,
            "open",
            [.string("kdewallet"), .int64(0), program]
        )
        guard let wallet = opened.first else { throw TimedOut(description: "the wallet's handle") }
        let answer = try await connection.call(
            Self.name,
            Self.path,
            Self.interface,
            "removeEntry",
            [wallet, .string("Secret Service"), .string(label), program]
        )
        await connection.close()
        guard answer == [.int32(0)] else { throw TimedOut(description: "the end of \(label)") }
    }

    /// Whether it shows a prompt or its wizard now.
    package func asks() async throws -> Bool {
        try await screen.find(Self.window) != nil
    }

    package func typePassword() async throws {
        let window = try await screen.window(Self.window)
        try await screen.insisting("kwalletd's prompt") {
            // It may have gone after the last attempt was given up, and with it what the keys are meant for.
            guard try await asks() else { return }
            try await screen.activate(window)
            try await screen.press("ctrl+a")
            try await screen.type(password)
            try await screen.press("Return")
            try await screen.vanishes(Self.window)
        }
    }

    /// kwalletd writes a wallet some seconds after a change.
    package func settle() async throws {
        try await lock()
    }

    package func stop() async throws {
        child.now.kill()
        _ = try await child.now.end()
    }

    package func restart() async throws {
        let started = try Self.start(on: bus, screen)
        child.update { $0 = started }
        _ = try await bus.owner(of: "org.freedesktop.secrets")
    }

    private static func start(on bus: PrivateBus, _ screen: Desktop) throws -> ChildProcess {
        try ChildProcess("kwalletd5", environment: bus.environment.merging(screen.environment) { $1 })
    }

    /// A KDE program opens a wallet that there isn't: the wizard comes, is told "Classic" and twice the password.
    package func makeWallet() async throws {
        let connection = try await bus.connect()
        // It offers the Secret Service some moments before it can be asked for a wallet.
        _ = try await bus.owner(of: Self.name)
        let asking = Task {
            var attempt = 0
            while true {
                do throws(DBusError) {
                    return try await connection.call(
                        Self.name,
                        Self.path,
                        Self.interface,
                        "open",
                        [.string("kdewallet"), .int64(0), .string("Tests")],
                        timeout: .seconds(60)
                    )
                } catch {
                    attempt += 1
                    let isEarly = [DBusError.Name.unknownObject, DBusError.Name.unknownMethod]
                        .contains(error.name)
                    guard isEarly, attempt < 50 else { throw error }
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
        let wizard = try await screen.window(Self.window)
        let dialog = try await screen.insisting("kwalletd's wizard") {
            // It may have come after the last attempt was given up; the wizard is gone then.
            if let dialog = try await screen.find(Self.window), dialog != wizard { return dialog }
            try await screen.activate(wizard)
            try await screen.click(wizard, x: 110, y: 167)
            try await screen.press("alt+n")
            try await screen.press("alt+f")
            return try await screen.window(Self.window, except: wizard, within: .seconds(1))
        }
        try await screen.insisting("kwalletd's new password") {
            guard try await asks() else { return }
            try await screen.activate(dialog)
            // "Verify", and from there back to "Password".
            try await screen.press("alt+v", "shift+Tab", "ctrl+a")
            try await screen.type(password)
            try await screen.press("Tab", "ctrl+a")
            try await screen.type(password)
            try await screen.press("Return")
            try await screen.vanishes(Self.window)
        }
        _ = try await asking.value
        await connection.close()
    }
}
