// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Passwords
import SecureMemory
import TestSupport
import Testing
import Vault

@Suite(.timeLimit(.minutes(2)))
struct PinentryTests {
    /// What a server may answer to GETPIN, and the password that it stands for.
    static let answers: [(shell: String, password: String)] = [
        ("say 'D simple' OK", "simple"),
        ("say 'D a%25b%0Ac%0d' OK", "a%b\nc\r"),
        ("say 'D 100%' OK", "100%"),
        ("say 'D  two  blanks ' OK", " two  blanks "),
        ("say 'D ab' 'D cd' OK", "abcd"),
        ("say '# comment' 'S PASSWORD_FROM_CACHE' '' 'D pin' 'OK closing'", "pin"),
        ("say 'INQUIRE QUALITY x'; read -r no; say \"D $no\" OK", "CAN"),
        ("say OK", ""),
        ("say 'D ' OK", ""),
        ("say D OK", ""),
        ("say 'D ключ🔑' OK", "ключ🔑"),
    ]

    @Test(arguments: answers)
    func `what is typed comes as it was typed`(shell: String, password: String) async throws {
        let fake = try await FakePinentry(answer: shell)
        let typed = try await fake.pinentry().password(title: "t", text: "x")
        #expect(typed == SecretBytes(utf8: password))
    }

    @Test(arguments: [
        ("say 'ERR 83886179 Operation cancelled <Pinentry>'", UnlockFailure.cancelled),
        ("say 'ERR 83886278 Operation fully cancelled'", .cancelled),
        ("say 'ERR 83886142 Timeout'", .timedOut),
        ("say 'ERR 83886194 Not confirmed'", .cancelled),
        ("say 'ERR 99'", .cancelled),
    ])
    func `a person who declines leaves it locked`(shell: String, failure: UnlockFailure) async throws {
        let fake = try await FakePinentry(answer: shell)
        await #expect(throws: VaultError.notUnlocked(failure)) {
            try await fake.pinentry().password(title: "t", text: "x")
        }
        guard !shell.contains("Not confirmed") else {
            #expect(try await !fake.pinentry().confirm(title: "t", text: "x", labels: Self.labels))
            return
        }
        // Neither a closed window nor silence is a no.
        await #expect(throws: VaultError.notUnlocked(failure)) {
            try await fake.pinentry().confirm(title: "t", text: "x", labels: Self.labels)
        }
    }

    /// What goes wrong, as the whole program.
    static let failures: [(greeting: String, answer: String, words: String)] = [
        ("ok", "say 'ERR 83918950 Inappropriate ioctl for device'", "Inappropriate ioctl"),
        ("ok", "say 'ERR no number'", "does not speak"),
        ("ok", "say 'BONJOUR'", "does not speak"),
        ("ok", "say D:secret", "does not speak"),
        ("ok", "exit 0", "ended without asking"),
        ("ok", "kill -9 $$", "ended without asking"),
        ("ok", "say 'D lost'; exit 0", "ended without asking"),
        ("exit 1", "ok", "ended without asking"),
        ("say 'Usage: pinentry'", "ok", "does not speak"),
        ("say 'ERR 1 busy'", "ok", "busy"),
        (
            "ok", "while :; do say 'D aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; done",
            "does not speak"
        ),
        ("ok", "head -c 100000 /dev/zero", "does not speak"),
        ("ok", "yes '# well' | head -c 100000; ok", "does not speak"),
    ]

    @Test(arguments: failures)
    func `one that can't ask is an error that says what to do`(
        greeting: String,
        answer: String,
        words: String
    ) async throws {
        let fake = try await FakePinentry(answer: answer, greeting: greeting)
        let error = await #expect(throws: VaultError.self) {
            try await fake.pinentry().password(title: "t", text: "x")
        }
        let text = text(of: error)
        #expect(text.contains(words))
        #expect(text.contains("[unlock] pinentry"))
        #expect(!text.contains("secret") && !text.contains("lost"))
    }

    @Test(arguments: [(greeting: "sleep 600", option: "ok"), (greeting: "ok", option: "sleep 600")])
    func `one that does nothing before it is to ask is found out long before the deadline`(
        greeting: String,
        option: String
    ) async throws {
        let fake = try await FakePinentry(greeting: greeting, option: option)
        let pinentry = fake.pinentry(deadline: .seconds(600), starting: .milliseconds(200))
        let error = await #expect(throws: VaultError.self) {
            try await pinentry.password(title: "t", text: "x")
        }
        #expect(text(of: error).contains("did nothing; name another"))
    }

    @Test func `a person may take longer than it may take to start`() async throws {
        // The time for the start is over before the answer.
        let fake = try await FakePinentry(answer: "sleep 4; say 'D x' OK")
        let pinentry = fake.pinentry(starting: .seconds(3))
        #expect(try await pinentry.password(title: "t", text: "x") == SecretBytes(utf8: "x"))
    }

    @Test func `one that isn't installed is named`() async throws {
        let error = await #expect(throws: VaultError.self) {
            try await Pinentry(program: "pinentry-of-nobody").password(title: "t", text: "x")
        }
        #expect(text(of: error).contains("(pinentry-of-nobody) was not found"))
    }

    @Test(arguments: ["ok", "sleep 600"])
    func `silence ends at the deadline, and the program with it`(greeting: String) async throws {
        let fake = try await FakePinentry(answer: "sleep 600", greeting: greeting)
        await #expect(throws: VaultError.notUnlocked(.timedOut)) {
            try await fake.pinentry(deadline: .seconds(1)).password(title: "t", text: "x")
        }
        let pid = try #require(fake.pid)
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let watch = ProcessExit(pid: pid) { ended.finish() }
        if watch != nil { for await _ in ends {} }
    }

    @Test func `whoever stops waiting ends the program`() async throws {
        let fake = try await FakePinentry(answer: "say '# asked'; sleep 600", option: "say 'ERR 1 no'")
        let asking = Task { try await fake.pinentry().password(title: "t", text: "x") }
        asking.cancel()
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await asking.value }
    }

    @Test(arguments: [true, false])
    func `whoever gives it up ends the program, whenever that is`(isEarly: Bool) async throws {
        let fake = try await FakePinentry(answer: "say '# asked'; sleep 600")
        let cancellation = Cancellation()
        if isEarly { cancellation.cancel() }
        let asking = Task {
            try await fake.pinentry().password(
                title: "t",
                text: "x",
                for: UnlockReason(cancellation: cancellation)
            )
        }
        if !isEarly {
            try await eventually("the question") {
                (try? fake.commands.contains("GETPIN")) == true ? () : nil
            }
            cancellation.cancel()
        }
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await asking.value }
    }

    @Test(arguments: [true, false])
    func `a lent terminal is where it asks, and the display only if the person sees it`(
        hasDisplay: Bool
    )
        async throws
    {
        let fake = try await FakePinentry(
            answer: "say \"D ${DISPLAY-none} ${DBUS_SESSION_BUS_ADDRESS-none} $GPG_TTY\" OK"
        )
        let terminal = LentTerminal(
            device: "/dev/pts/77",
            type: "vt100",
            locale: "de_DE.UTF-8",
            hasDisplay: hasDisplay
        )
        let typed = try await fake.pinentry(environment: [:]).password(
            title: "t",
            text: "x",
            for: UnlockReason(terminal: terminal)
        )
        let told = try fake.commands.filter { $0.hasPrefix("OPTION") && !$0.contains("display") }
        #expect(
            told == ["OPTION ttyname=/dev/pts/77", "OPTION ttytype=vt100", "OPTION lc-ctype=de_DE.UTF-8"]
        )
        if !hasDisplay { #expect(typed == SecretBytes(utf8: "none none /dev/pts/77")) }
    }

    @Test func `it is told where and what to ask`() async throws {
        let fake = try await FakePinentry(answer: "say 'D x' OK")
        _ = try await fake.pinentry().password(title: "100%", text: "one\ntwo", error: "Wrong")
        let commands = try fake.commands
        #expect(
            commands == [
                "OPTION ttytype=dumb", "OPTION lc-ctype=C.UTF-8", "OPTION display=:77", "SETTIMEOUT 19",
                "SETTITLE 100%25", "SETDESC one%0Atwo", "SETPROMPT Password:", "SETERROR Wrong", "GETPIN",
            ]
        )
    }

    @Test func `an option that it doesn't know is no reason to stop`() async throws {
        let fake = try await FakePinentry(
            answer: "say 'D x' OK",
            option: "say 'ERR 83886254 Unknown option'"
        )
        #expect(try await fake.pinentry().password(title: "t", text: "x") == SecretBytes(utf8: "x"))
    }

    @Test func `a text that is too long is cut between characters`() async throws {
        let fake = try await FakePinentry(answer: "say 'D x' OK")
        _ = try await fake.pinentry().password(title: "t", text: String(repeating: "ä%\n", count: 500))
        let line = try #require(try fake.commands.first { $0.hasPrefix("SETDESC") })
        #expect((990...1000).contains(line.utf8.count))
        #expect(line.hasSuffix("ä") || line.hasSuffix("%25") || line.hasSuffix("%0A"))
    }

    private static let labels = Pinentry.Labels(yes: "_Allow", no: "_Deny", neither: "_Not now")

    @Test func `a yes is a yes, to a question with buttons of its own`() async throws {
        let fake = try await FakePinentry(answer: "ok")
        #expect(try await fake.pinentry().confirm(title: "t", text: "Really?", labels: Self.labels))
        let commands = ["SETDESC Really?", "SETOK _Allow", "SETNOTOK _Deny", "SETCANCEL _Not now", "CONFIRM"]
        #expect(try fake.commands.suffix(5) == commands)
    }
}
