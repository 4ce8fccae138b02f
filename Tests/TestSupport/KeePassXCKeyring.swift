// SPDX-License-Identifier: Apache-2.0

import DBus

/// A real KeePassXC whose Secret Service shows one open database, saved as it locks.
///
/// Not after each change: version 2.7.4 saves in a thread of its own and crashes now and then when something else changes
/// meanwhile, or takes that for saved.
package final class KeePassXCKeyring: KeyringProvider {
    /// What the database opens with.
    package let password = "demopass"
    private let bus: PrivateBus
    private let screen: Desktop
    private let child: Observed<ChildProcess>
    private static let prompt = ["--name", "^Unlock Database"]
    private static let question = ["--name", "Access Request"]

    /// Makes a database, starts KeePassXC on it and waits until it serves.
    ///
    /// - Parameters:
    ///   - bus: Where it serves; its files are in that bus's folders.
    ///   - screen: Where it shows its window.
    ///   - start: Whether the database is open, and shown at all.
    ///   - confirming: Whether it asks before it gives or deletes an item, as it does when it is new.
    ///   - content: What is in the group that it shows, as XML.
    /// - Throws: `TimedOut` where it doesn't come up.
    package init(
        on bus: PrivateBus,
        screen: Desktop,
        _ start: KeyringStart = .open,
        confirming: Bool = false,
        content: String = ""
    ) async throws {
        self.bus = bus
        self.screen = screen
        try bus.folder.write(
            "keepassxc.ini",
            Self.settings(isOffered: start != .idle, confirming: confirming)
        )
        let source = try bus.folder.write("keepassxc.xml", Self.database(content))
        let made = try await ChildProcess.run(
            "keepassxc-cli",
            ["import", "-p", "-t", "100", source, bus.folder.path("Passwords.kdbx")],
            environment: bus.environment,
            input: "\(password)\n\(password)\n"
        )
        guard made.status == 0 else { throw TimedOut(description: "keepassxc-cli import: \(made.errors)") }
        child = Observed(try Self.start(on: bus, screen, start == .empty ? nil : password))
        switch start {
        case .open: try await serves()
        case .empty: _ = try await bus.owner(of: "org.freedesktop.secrets")
        case .idle: _ = try await bus.owner(of: "org.keepassxc.KeePassXC.MainWindow")
        }
    }

    deinit {
        child.now.kill()
    }

    package var pid: Int32 { child.now.pid }

    package func lock() async throws {
        let report = try await ChildProcess.run("keepassxc", ["--lock"], environment: environment)
        guard report.status == 0 else { throw TimedOut(description: "keepassxc --lock: \(report.errors)") }
        for _ in 0..<200 {
            if try await Outsider.isLocked(on: bus) { return }
            try await Task.sleep(for: .milliseconds(30))
        }
        throw TimedOut(description: "the database to be locked")
    }

    package func typePassword() async throws {
        try await screen.insisting("KeePassXC's prompt") {
            try await screen.activate(try await screen.window(Self.prompt))
            try await screen.press("ctrl+a")
            try await screen.type(password)
            try await screen.press("Return")
            for _ in 0..<30 where try await Outsider.isLocked(on: bus) {
                try await Task.sleep(for: .milliseconds(30))
            }
            if try await Outsider.isLocked(on: bus) { throw TimedOut(description: "the database to open") }
        }
    }

    /// Answers the question whether a program may have entries.
    package func allowAccess() async throws {
        try await answer(with: "Return")
    }

    /// Whether such a question is shown now.
    package func asksForAccess() async throws -> Bool {
        try await screen.find(Self.question) != nil
    }

    /// Closes such a question without an answer.
    package func closeQuestion() async throws {
        try await answer(with: "Escape")
    }

    private func answer(with key: String) async throws {
        let window = try await screen.window(Self.question)
        try await screen.insisting("KeePassXC's question") {
            try await screen.activate(window)
            try await screen.press(key)
            try await screen.vanishes(Self.question)
        }
    }

    /// It saves when it locks.
    package func settle() async throws {
        try await lock()
    }

    package func stop() async throws {
        child.now.kill()
        _ = try await child.now.end()
    }

    package func restart() async throws {
        let started = try Self.start(on: bus, screen, password)
        child.update { $0 = started }
        try await serves()
    }

    private var environment: [String: String] { Self.environment(bus, screen) }

    /// There is one KeePassXC for a folder of temporary files: so this one has its own.
    private static func environment(_ bus: PrivateBus, _ screen: Desktop) -> [String: String] {
        bus.environment.merging(screen.environment) { $1 }.merging(["TMPDIR": bus.folder.path("run")]) { $1 }
    }

    private static func start(on bus: PrivateBus, _ screen: Desktop, _ password: String?) throws
        -> ChildProcess
    {
        let database = password == nil ? [] : ["--pw-stdin", bus.folder.path("Passwords.kdbx")]
        return try ChildProcess(
            "keepassxc",
            ["--config", bus.folder.path("keepassxc.ini")] + database,
            environment: environment(bus, screen),
            input: password ?? ""
        )
    }

    /// It takes the name before it has opened the database.
    private func serves() async throws {
        _ = try await bus.owner(of: "org.freedesktop.secrets")
        let connection = try await bus.connect()
        let made = try await connection.signals(
            interface: "org.freedesktop.Secret.Service",
            member: "CollectionChanged"
        )
        let changes = Observed(0)
        let following = Task { for await _ in made { changes.update { $0 += 1 } } }
        defer { following.cancel() }
        var seen = -1
        while true {
            let answer = try await connection.call(
                "org.freedesktop.secrets",
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service",
                "ReadAlias",
                [.string("default")]
            )
            if let path = answer.first?.asObjectPath, path.text != "/",
                try await !Outsider.isLocked(on: bus)
            {
                break
            }
            let known = seen
            seen = try await changes.wait(for: "KeePassXC's database") { $0 > known ? $0 : nil }
        }
        await connection.close()
    }

    private static func settings(isOffered: Bool, confirming: Bool) -> String {
        """
        [General]
        ConfigVersion=2
        UpdateCheckMessageShown=true
        AutoSaveAfterEveryChange=false
        AutoSaveOnExit=true
        [GUI]
        CheckForUpdates=false
        [FdoSecrets]
        Enabled=\(isOffered)
        ConfirmAccessItem=\(confirming)
        ConfirmDeleteItem=false

        """
    }

    /// A database of one group, which the Secret Service shows.
    private static func database(_ content: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <KeePassFile>
          <Meta>
            <Generator>Keybell's tests</Generator>
            <DatabaseName>My passwords</DatabaseName>
            <CustomData>
              <Item>
                <Key>FDO_SECRETS_EXPOSED_GROUP</Key>
                <Value>{00112233-4455-6677-8899-aabbccddeeff}</Value>
              </Item>
            </CustomData>
          </Meta>
          <Root><Group><UUID>ABEiM0RVZneImaq7zN3u/w==</UUID><Name>Root</Name>\(content)</Group></Root>
        </KeePassFile>
        """
    }

    /// An entry of a database, as XML.
    package static func entry(
        _ title: String,
        uuid: String,
        fields: [String: String],
        protected: [String: String]
    ) -> String {
        let texts =
            fields.merging(["Title": title]) { $1 }.map {
                "<String><Key>\($0)</Key><Value>\($1)</Value></String>"
            }
            + protected.map {
                "<String><Key>\($0)</Key><Value ProtectInMemory=\"True\">\($1)</Value></String>"
            }
        return "<Entry><UUID>\(uuid)</UUID>\(texts.sorted().joined())</Entry>"
    }
}
