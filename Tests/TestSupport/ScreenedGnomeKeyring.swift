// SPDX-License-Identifier: Apache-2.0

/// A gnome-keyring that a person uses on a screen.
final class ScreenedGnomeKeyring: KeyringProvider {
    private let bus: PrivateBus
    private let screen: Desktop
    private let daemon: Observed<GnomeKeyring>
    private static let window = ["--class", "gcr-prompter"]

    let password = "demopass"

    init(on bus: PrivateBus, screen: Desktop, _ start: KeyringStart) async throws {
        self.bus = bus
        self.screen = screen
        daemon = Observed(try await GnomeKeyring(on: bus, password: start == .open ? password : nil))
    }

    var pid: Int32 { daemon.now.pid }

    /// As Seahorse does it.
    func lock() async throws {
        try await daemon.now.lock()
    }

    func typePassword() async throws {
        let window = try await screen.window(Self.window)
        try await screen.insisting("gnome-keyring's prompt") {
            try await screen.activate(window)
            try await screen.press("ctrl+a")
            try await screen.type(password)
            try await screen.press("Return")
            try await screen.vanishes(Self.window)
        }
    }

    func stop() async throws {
        try await daemon.now.stop()
    }

    func restart() async throws {
        let started = try await GnomeKeyring(on: bus, password: password)
        daemon.update { $0 = started }
    }
}
