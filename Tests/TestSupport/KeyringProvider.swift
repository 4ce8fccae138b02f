// SPDX-License-Identifier: Apache-2.0

import DBus

/// A real program that offers the Secret Service on a bus of a test's own, and the person who uses it.
package protocol KeyringProvider: Sendable {
    /// Its process; another one after `restart`.
    var pid: Int32 { get }

    /// Locks the default collection, as a person would.
    func lock() async throws
    /// Types the password into the program's own prompt, which somebody has raised, and waits until it is gone.
    func typePassword() async throws
    /// Returns when what was stored is on disk, where the program takes its time with that.
    func settle() async throws
    /// Ends it, as a crash of the program would, and waits until it is gone.
    func stop() async throws
    /// Starts it again on the same files, and opens the default collection.
    func restart() async throws
}

extension KeyringProvider {
    package func settle() async throws {}
}

/// How a keyring is when a test begins.
package enum KeyringStart: Sendable {
    /// It has a default collection, which is open.
    case open
    /// It has none yet.
    case empty
    /// The program runs, but doesn't offer the Secret Service.
    case idle
}

/// The programs that Keybell is tried with.
package enum KeyringKind: String, Sendable, CaseIterable, CustomStringConvertible {
    case gnomeKeyring = "gnome-keyring"
    case keePassXC = "KeePassXC"
    case kwallet = "KWallet"

    package var description: String { rawValue }
}

/// A session with a screen, a window manager and one of these programs, its default collection open.
package struct ProviderSession: Sendable {
    /// The session's bus.
    package let bus: PrivateBus
    /// Where the program shows its windows.
    package let screen: Desktop
    /// The program.
    package let provider: any KeyringProvider

    /// Starts all of it.
    ///
    /// - Parameters:
    ///   - kind: Which program.
    ///   - start: How its keyring is; a gnome-keyring that idles is none at all.
    ///   - confirming: Whether it asks before it gives an item; KeePassXC can.
    ///   - content: What is in the group that KeePassXC shows, as XML.
    /// - Throws: `TimedOut` where something doesn't come up.
    package init(
        _ kind: KeyringKind,
        _ start: KeyringStart = .open,
        confirming: Bool = false,
        content: String = ""
    ) async throws {
        bus = try await PrivateBus()
        screen = try await Desktop()
        switch kind {
        case .gnomeKeyring:
            try Self.offerPrompter(on: bus, screen)
            provider = try await ScreenedGnomeKeyring(on: bus, screen: screen, start)
        case .keePassXC:
            provider = try await KeePassXCKeyring(
                on: bus,
                screen: screen,
                start,
                confirming: confirming,
                content: content
            )
        case .kwallet:
            provider = try await KWalletKeyring(on: bus, screen: screen, start)
        }
        if start == .open { try await unlockIfLocked() }
    }

    /// Runs `secret-tool` to its end; it may raise the program's prompt.
    @discardableResult
    package func secretTool(_ arguments: String..., input: String = "") async throws -> ChildProcess.Report {
        try await secretTool(arguments, input: input)
    }

    /// The same, once more for each complaint: KWallet refuses one session of 256 and loses others.
    @discardableResult
    package func secretTool(_ arguments: [String], input: String = "") async throws -> ChildProcess.Report {
        var report: ChildProcess.Report
        var attempt = 0
        repeat {
            report = try await ChildProcess.run(
                "secret-tool",
                arguments,
                environment: bus.environment,
                input: input
            )
            attempt += 1
        } while report.status != 0 && !report.errors.isEmpty && attempt < 5
        return report
    }

    /// Unlocks the default collection from outside: another program asks for it, the person types the password.
    package func unlock() async throws {
        try await Outsider.unlock(on: bus) { try await provider.typePassword() }
    }

    /// Starts the program again, its collection open.
    package func restart() async throws {
        try await provider.restart()
        try await unlockIfLocked()
    }

    private func unlockIfLocked() async throws {
        if try await Outsider.isLocked(on: bus) { try await unlock() }
    }

    /// gnome-keyring shows its prompts by another program, which the bus starts.
    private static func offerPrompter(on bus: PrivateBus, _ screen: Desktop) throws {
        let command = "/usr/bin/env DISPLAY=\(screen.name) /usr/libexec/gcr-prompter"
        try bus.folder.write(
            "services/prompter.service",
            "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=\(command)\n"
        )
    }
}

/// Some other program of the session that uses the Secret Service.
enum Outsider {
    private static let name = "org.freedesktop.secrets"
    private static let root: ObjectPath = "/org/freedesktop/secrets"
    private static let service = "org.freedesktop.Secret.Service"

    /// Whether the default collection is locked.
    static func isLocked(on bus: PrivateBus) async throws -> Bool {
        let connection = try await bus.connect()
        let collection = try await defaultCollection(connection)
        let answer = try await connection.call(
            name,
            collection,
            "org.freedesktop.DBus.Properties",
            "Get",
            [.string("org.freedesktop.Secret.Collection"), .string("Locked")]
        )
        await connection.close()
        return answer.first?.opened.asBool ?? true
    }

    /// Asks for the default collection to be unlocked, and waits for the end of the prompt that this takes.
    static func unlock(on bus: PrivateBus, typing: @escaping @Sendable () async throws -> Void) async throws {
        let connection = try await bus.connect()
        let ended = try await connection.signals(
            interface: "org.freedesktop.Secret.Prompt",
            member: "Completed"
        )
        let isOver = Observed(false)
        let following = Task { for await _ in ended { isOver.update { $0 = true } } }
        defer { following.cancel() }
        let collection = try await defaultCollection(connection)
        let answer = try await connection.call(
            name,
            root,
            service,
            "Unlock",
            [.array("o", [.objectPath(collection)])]
        )
        if let prompt = answer.last?.asObjectPath, prompt.text != "/" {
            _ = try await connection.call(
                name,
                prompt,
                "org.freedesktop.Secret.Prompt",
                "Prompt",
                [.string("")]
            )
            // KWallet asks nothing where the wallet itself is open.
            let typist = Task { try await typing() }
            defer { typist.cancel() }
            try await isOver.wait(for: "the end of the prompt") { $0 ? () : nil }
        }
        await connection.close()
    }

    private static func defaultCollection(_ connection: BusConnection) async throws -> ObjectPath {
        let answer = try await connection.call(name, root, service, "ReadAlias", [.string("default")])
        guard let path = answer.first?.asObjectPath, path.text != "/" else {
            throw TimedOut(description: "there is no default collection")
        }
        return path
    }
}
