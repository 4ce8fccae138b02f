// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Foundation
import Logging
import Passwords
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault

@Suite(.timeLimit(.minutes(2)))
struct VaultPasswordSourceTests {
    private static let path = "/home/person/My passwords.kdbx"
    private static let attributes = ["xdg:schema": "org.keybell.VaultPassword", "vault": path]
    private let reason = UnlockReason(program: "/usr/bin/firefox", client: "fox\u{202E}\n")
    private let session: KeyringSession
    private let keyring: Keyring

    init() async throws {
        session = try await KeyringSession()
        keyring = Keyring(
            bus: try await session.bus.connect(),
            address: session.bus.address,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func source(_ change: (inout VaultPasswordSource.Options) -> Void) -> VaultPasswordSource {
        var options = VaultPasswordSource.Options()
        // Nobody is to be asked unless the test says how.
        options.pinentry = Pinentry(program: "/nonexistent/pinentry")
        change(&options)
        return VaultPasswordSource(
            vault: "work",
            path: Self.path,
            options: options,
            keyring: keyring,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    // MARK: - Nobody to ask

    /// A program of this name behind the name `pinentry`, with or without a display.
    private static func pinentry(_ name: String, display: String, in folder: TemporaryFolder) throws
        -> Pinentry
    {
        let file = try folder.write(name, "#!/bin/sh\n")
        let link = folder.path("pinentry")
        guard unsafe chmod(file, 0o700) == 0, unsafe symlink(file, link) == 0 else {
            throw TimedOut(description: "no pinentry")
        }
        return Pinentry(program: link, environment: ["DISPLAY": display, "WAYLAND_DISPLAY": ""])
    }

    @Test(arguments: [
        ("pinentry-curses", "", true), ("pinentry-curses", ":9", false), ("pinentry-qt", "", true),
        ("pinentry-gnome3", "", false), ("pinentry-of-mine", "", false),
    ])
    func `a pinentry that has nowhere to ask is known by its name`(name: String, display: String, isOne: Bool)
        async throws
    {
        let folder = try TemporaryFolder()
        let pinentry = try Self.pinentry(name, display: display, in: folder)
        let obstacle = await source { $0.pinentry = pinentry }.obstacle()
        #expect((obstacle?.contains("run `keybell unlock` in a terminal") == true) == isOne)
        // What may open the vault without the person.
        #expect(await source { ($0.pinentry, $0.command) = (pinentry, ["true"]) }.obstacle() == nil)
        #expect(await source { ($0.pinentry, $0.fixed) = (pinentry, .empty) }.obstacle() == nil)
        #expect(await source { ($0.pinentry, $0.remembers) = (pinentry, true) }.obstacle() == nil)
        #expect(await source { ($0.pinentry, $0.keyFile) = (pinentry, "/key") }.obstacle() == nil)
    }

    @Test func `a pinentry that isn't there, or has found nowhere to ask, is an obstacle`() async throws {
        #expect(await source { _ in }.obstacle()?.contains("was not found") == true)
        let fake = try await FakePinentry(answer: "say 'ERR 32841 no such device'")
        let source = source { $0.pinentry = fake.pinentry(environment: ["DISPLAY": ""]) }
        #expect(await source.obstacle() == nil)
        await #expect(throws: VaultError.self) { try await source.password(attempt: 1, for: reason) }
        #expect(await source.obstacle()?.contains("run `keybell unlock` in a terminal") == true)
    }

    // MARK: - No password

    @Test func `the key file alone is tried once, and then never where a password opened the file`()
        async throws
    {
        let fake = try await FakePinentry(answer: "say 'D typed' OK")
        let source = source {
            $0.keyFile = "/key"
            $0.pinentry = fake.pinentry()
        }
        #expect(try await source.password(attempt: 1, for: reason) == nil)
        #expect(try await source.password(attempt: 2, for: reason) == SecretBytes(utf8: "typed"))
        await source.opened(with: SecretBytes(utf8: "typed"))
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: "typed"))
    }

    @Test func `what was found out about the key file holds after a reload, for the same key file`()
        async throws
    {
        let fake = try await FakePinentry(answer: "say 'D typed' OK")
        var options = VaultPasswordSource.Options()
        options.keyFile = "/key"
        options.pinentry = fake.pinentry()
        let former = source { $0 = options }
        #expect(try await former.password(attempt: 1, for: reason) == nil)
        _ = try await former.password(attempt: 2, for: reason)
        options.tries = 5
        let source = former.under(options)
        // The unlock that began before ends after.
        await former.opened(with: SecretBytes(utf8: "typed"))
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: "typed"))
        options.keyFile = "/other"
        #expect(try await source.under(options).password(attempt: 1, for: reason) == nil)
    }

    @Test func `the person is asked for a former password, whatever opens the vault now`() async throws {
        let fake = try await FakePinentry(answer: "say 'D typed' OK")
        let asked = source {
            $0.command = ["false"]
            $0.pinentry = fake.pinentry()
        }
        #expect(await asked.formerPassword(attempt: 1, for: reason) == SecretBytes(utf8: "typed"))
        #expect(await asked.formerPassword(attempt: 4, for: reason) == nil)
        #expect(await source { _ in }.formerPassword(attempt: 1, for: reason) == nil)
    }

    @Test(arguments: [VaultPasswordSource.Fixed.none, .empty])
    func `what is fixed is given, and where it is wrong nobody is asked`(fixed: VaultPasswordSource.Fixed)
        async throws
    {
        let source = source { $0.fixed = fixed }
        let first = try await source.password(attempt: 1, for: reason)
        #expect(first == (fixed == .none ? nil : SecretBytes(utf8: "")))
        await #expect {
            try await source.password(attempt: 2, for: reason)
        } throws: { error in
            guard case VaultError.unavailable(let text) = error else { return false }
            return text.contains(fixed == .none ? "password = \"none\"" : "password = \"empty\"")
        }
    }

    @Test(arguments: [VaultPasswordSource.Fixed.none, .empty])
    func `with a key file that may be the wrong one, too`(fixed: VaultPasswordSource.Fixed) async throws {
        let source = source { ($0.fixed, $0.keyFile) = (fixed, "/key") }
        _ = try await source.password(attempt: 1, for: reason)
        let error = await #expect(throws: VaultError.self) {
            try await source.password(attempt: 2, for: reason)
        }
        #expect(text(of: error).contains("key_file names another vault's"))
    }

    @Test(arguments: [
        ("secret\\r\\n", "carriage return"), ("\\357\\273\\277secret\\n", "byte order mark"),
        ("secret \\n", "blank"), ("secret\\n", "correct what it prints"),
    ])
    func `what people overlook in a password's file is said where it opens nothing`(
        printed: String,
        word: String
    )
        async throws
    {
        let source = source { $0.command = ["printf", printed] }
        _ = try await source.password(attempt: 1, for: reason)
        await #expect {
            try await source.password(attempt: 2, for: reason)
        } throws: { error in
            guard case VaultError.passwordUnavailable(let text) = error else { return false }
            return text.contains(word) && !text.contains("secret")
        }
    }

    // MARK: - A command

    @Test(arguments: [
        (["printf", "open sesame\\nlogin: me\\n"], "open sesame"),
        (["printf", "no newline"], "no newline"),
        (["printf", " blanks stay \\n"], " blanks stay "),
        (["printf", "\\nsecond"], ""),
        (["sh", "-c", "printf \"$1\"", "sh", "$HOME"], "$HOME"),
        (["sh", "-c", "sleep 600 & echo early"], "early"),
    ])
    func `a command's first line is the password`(command: [String], password: String) async throws {
        let source = source { $0.command = command }
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: password))
    }

    @Test(arguments: [
        (["sh", "-c", "echo hunter2; echo hunter3 >&2; exit 3"], "exit status 3"),
        (["sh", "-c", "echo hunter2; kill -9 $$"], "signal 9"),
        (["true", "hunter2"], "printed nothing"),
        (["/nonexistent/pass"], "was not found"),
        (["/etc/passwd"], "may not be executed"),
        (["sh", "-c", "echo hunter2; exec sleep 600"], "within 1 seconds"),
        (["sh", "-c", "exec cat /dev/zero"], "more than 64 KiB"),
        (["sh", "-c", "yes hunter2 & wait"], "more than 64 KiB"),
        (["sh", "-c", "yes hunter2 | head -c 65537; sleep 600"], "more than 64 KiB"),
    ])
    func `a command that fails is named, and what it printed is not`(
        command: [String],
        words: String
    ) async throws {
        let source = source {
            $0.command = command
            $0.commandDeadline = .seconds(1)
        }
        let error = await #expect(throws: VaultError.self) {
            try await source.password(attempt: 1, for: reason)
        }
        #expect(text(of: error).contains(words))
        #expect(text(of: error).contains("password_command (\(command[0]))"))
        #expect(!text(of: error).contains("hunter"))
    }

    @Test(arguments: [("sleep 600", "within 1 seconds"), ("yes hunter2", "more than 64 KiB")])
    func `a command that is ended takes with it what it has started`(
        program: String,
        words: String
    ) async throws {
        let folder = try TemporaryFolder()
        let source = source {
            $0.command = ["sh", "-c", "\(program) & echo $! >'\(folder.path)/pid'; wait"]
            $0.commandDeadline = .seconds(1)
        }
        let error = await #expect(throws: VaultError.self) {
            try await source.password(attempt: 1, for: reason)
        }
        #expect(text(of: error).contains(words))
        let pid = try String(contentsOfFile: folder.path("pid"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // Killed at once; whoever inherits it may take a moment to reap it.
        let gone = try await ChildProcess.run(
            "sh",
            [
                "-c",
                "for _ in $(seq 100); do grep -qs '^State:.[^Z]' /proc/$1/status || exit 0; sleep 0.1; done; exit 1",
                "sh", pid,
            ]
        )
        #expect(gone.status == 0)
    }

    @Test func `whoever gives it up ends the command`() async throws {
        let folder = try TemporaryFolder()
        let source = source { $0.command = ["sh", "-c", "touch '\(folder.path)/began'; exec sleep 600"] }
        let cancellation = Cancellation()
        let asking = Task {
            try await source.password(attempt: 1, for: UnlockReason(cancellation: cancellation))
        }
        try await eventually("the command") {
            FileManager.default.fileExists(atPath: folder.path("began")) ? () : nil
        }
        cancellation.cancel()
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await asking.value }
    }

    @Test func `what fits is taken, however long it is`() async throws {
        let source = source { $0.command = ["sh", "-c", "head -c 65536 /dev/zero | tr '\\0' a"] }
        let password = try await source.password(attempt: 1, for: reason)
        #expect(password == SecretBytes(utf8: String(repeating: "a", count: 65_536)))
    }

    @Test func `a command whose password is wrong is not run again`() async throws {
        let source = source { $0.command = ["echo", "wrong"] }
        _ = try await source.password(attempt: 1, for: reason)
        let error = await #expect(throws: VaultError.self) {
            try await source.password(attempt: 2, for: reason)
        }
        #expect(text(of: error).contains("does not open work"))
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: "wrong"))
    }

    // MARK: - The person

    @Test func `the person is told for what, for whom and which try it is`() async throws {
        let fake = try await FakePinentry(answer: "say 'D guess' OK")
        let source = source { $0.pinentry = fake.pinentry() }
        for attempt in 1...3 { _ = try await source.password(attempt: attempt, for: reason) }
        await #expect(throws: VaultError.notUnlocked(.wrongPassword)) {
            try await source.password(attempt: 4, for: reason)
        }
        let told = try fake.commands.filter { $0.hasPrefix("SETDESC") || $0.hasPrefix("SETERROR") }
        let question =
            "SETDESC Password of the vault “work” (My passwords.kdbx)%0AAsked for by /usr/bin/firefox for the client “fox”"
        #expect(
            told == [
                question, question, "SETERROR Wrong password, try 2 of 3",
                question, "SETERROR Wrong password, try 3 of 3",
            ]
        )
    }

    @Test func `each unlocking has all its tries`() async throws {
        let fake = try await FakePinentry(answer: "say 'D guess' OK")
        let source = source {
            $0.pinentry = fake.pinentry()
            $0.tries = 1
        }
        for _ in 1...2 {
            _ = try await source.password(attempt: 1, for: UnlockReason())
            await #expect(throws: VaultError.notUnlocked(.wrongPassword)) {
                try await source.password(attempt: 2, for: reason)
            }
        }
        #expect(try !fake.commands.contains { $0.contains("Asked for by") })
    }

    // MARK: - The keyring

    @Test func `a password that opened the vault is remembered, and then nobody is asked`()
        async throws
    {
        let fake = try await FakePinentry(answer: "say 'D s%25me' OK")
        let source = source {
            $0.pinentry = fake.pinentry()
            $0.remembers = true
        }
        let typed = try await source.password(attempt: 1, for: reason)
        #expect(try fake.commands.contains { $0.hasSuffix("It will be remembered in your keyring.") })
        #expect(try await session.lookUpOutside(Self.attributes) == nil)
        await source.opened(with: typed)
        #expect(try await session.lookUpOutside(Self.attributes) == "s%me")

        let next = self.source { $0.remembers = true }
        #expect(try await next.password(attempt: 1, for: reason) == SecretBytes(utf8: "s%me"))
    }

    @Test func `without the person's wish nothing is remembered or looked for`() async throws {
        let fake = try await FakePinentry(answer: "say 'D typed' OK")
        let source = source { $0.pinentry = fake.pinentry() }
        await source.opened(with: try await source.password(attempt: 1, for: reason))
        #expect(try await session.lookUpOutside(Self.attributes) == nil)
        try await session.storeOutside("old", Self.attributes, secret: "stored")
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: "typed"))
    }

    @Test func `a remembered password that is wrong is asked for, then replaced in its item`()
        async throws
    {
        try await session.storeOutside("old", Self.attributes, secret: "outdated")
        let fake = try await FakePinentry(answer: "say 'D new' OK")
        let source = source {
            $0.pinentry = fake.pinentry()
            $0.remembers = true
            $0.tries = 2
        }
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: "outdated"))
        _ = try await source.password(attempt: 2, for: reason)
        let right = try await source.password(attempt: 3, for: reason)
        await #expect(throws: VaultError.notUnlocked(.wrongPassword)) {
            try await source.password(attempt: 4, for: reason)
        }
        #expect(
            try fake.commands.filter { $0.hasPrefix("SETERROR") } == [
                "SETERROR The remembered password is wrong, try 1 of 2",
                "SETERROR Wrong password, try 2 of 2",
            ]
        )
        #expect(try await session.lookUpOutside(Self.attributes) == "outdated")
        await source.opened(with: right)
        #expect(try await session.lookUpOutside(Self.attributes) == "new")
        #expect(try await keyring.items(schema: "org.keybell.VaultPassword").count == 1)
    }

    @Test func `a remembered password that is wrong is told as that where nobody can be asked`() async throws
    {
        try await session.storeOutside("old", Self.attributes, secret: "outdated")
        let source = source { $0.remembers = true }
        #expect(try await source.password(attempt: 1, for: reason) == SecretBytes(utf8: "outdated"))
        let error = await #expect(throws: VaultError.self) {
            try await source.password(attempt: 2, for: reason)
        }
        guard case .passwordUnavailable(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.hasPrefix("The password that your keyring remembers for work doesn't open it"))
    }

    @Test func `what was tried is told where nobody can be asked, and that the key file may be at fault`()
        async throws
    {
        let alone = source {
            $0.keyFile = "/key"
            $0.remembers = true
        }
        #expect(try await alone.password(attempt: 1, for: reason) == nil)
        let first = await #expect(throws: VaultError.self) {
            try await alone.password(attempt: 2, for: reason)
        }
        #expect(text(of: first).hasPrefix("The key file alone doesn't open work"))

        try await session.storeOutside("old", Self.attributes, secret: "outdated")
        let both = source {
            $0.keyFile = "/key"
            $0.remembers = true
        }
        #expect(try await both.password(attempt: 1, for: reason) == SecretBytes(utf8: "outdated"))
        let second = await #expect(throws: VaultError.self) {
            try await both.password(attempt: 2, for: reason)
        }
        #expect(text(of: second).contains("doesn't open it, or key_file names another vault's key file"))
    }

    @Test func `with a key file either may be the wrong one`() async throws {
        let fake = try await FakePinentry(answer: "say 'D guess' OK")
        let source = source {
            $0.pinentry = fake.pinentry()
            $0.tries = 1
            $0.keyFile = "/key"
        }
        // The key file alone comes first.
        for attempt in 1...2 { _ = try await source.password(attempt: attempt, for: reason) }
        await #expect(throws: VaultError.notUnlocked(.wrongPasswordOrKeyFile)) {
            try await source.password(attempt: 3, for: reason)
        }
    }

    @Test func `a keyring that can't be opened is no reason not to ask, and the person is told`() async throws
    {
        try await session.storeOutside("old", Self.attributes, secret: "stored")
        try await session.gnome.lock()
        let fake = try await FakePinentry(answer: "say 'D typed' OK")
        let source = source {
            $0.pinentry = fake.pinentry()
            $0.remembers = true
        }
        let typed = try await source.password(attempt: 1, for: reason)
        #expect(typed == SecretBytes(utf8: "typed"))
        #expect(try fake.commands.contains { $0.contains("It can't be remembered") })
        await source.opened(with: typed)
        #expect(await keyring.state() == .locked)
    }

    @Test func `the keyring's own prompt comes first, and what it opens is used`() async throws {
        try await session.storeOutside("old", Self.attributes, secret: "stored")
        try await session.gnome.lock()
        let screen = try await XvfbDisplay()
        let environment = session.bus.environment.merging(screen.environment) { $1 }
        let manager = try ChildProcess("openbox", environment: environment)
        let prompter = try ChildProcess("/usr/libexec/gcr-prompter", environment: environment)
        _ = try await session.bus.owner(of: "org.gnome.keyring.SystemPrompter")
        // Nobody else is asked.
        let source = source { $0.remembers = true }
        async let password = source.password(attempt: 1, for: reason)
        try await screen.type(
            [["key", "ctrl+a"], ["type", "--delay", "20", session.gnome.password], ["key", "Return"]],
            into: "gcr-prompter"
        )
        #expect(try await password == SecretBytes(utf8: "stored"))
        prompter.kill()
        manager.kill()
    }

    @Test func `who sits at a terminal alone is not asked by a prompt elsewhere`() async throws {
        try await session.gnome.lock()
        let fake = try await FakePinentry(answer: "say 'D typed' OK")
        let source = source {
            $0.pinentry = fake.pinentry()
            $0.remembers = true
        }
        let reason = UnlockReason(terminal: LentTerminal(device: "/dev/pts/77"))
        _ = try await source.password(attempt: 1, for: reason)
        #expect(try fake.commands.contains { $0.contains("`keybell unlock keyring`") })
        #expect(await keyring.state() == .locked)
    }
}
