// SPDX-License-Identifier: Apache-2.0

import DBus
import SecureMemory
import Settings
import Testing

@testable import Console
@testable import SecretService

struct DoctorTests {
    @Test(arguments: [
        (true, true, Finding.Level.ok), (true, false, .ok), (false, false, .warning), (false, true, .failure),
    ])
    func `a pinentry whose window has no display is told by what it is for`(
        hasDisplay: Bool,
        confirms: Bool,
        level: Finding.Level
    ) {
        let finding = PinentryCheck.finding("pinentry", hasDisplay: hasDisplay, confirms: confirms)
        #expect(finding.level == level)
    }

    @Test func `a client whose restriction can't be read, or names no vault that is there, is told of`() {
        var client: [String: Value] = ["id": .string("my script"), "vaults": .strings(["work", "home"])]
        #expect(ClientCheck.findings(client: client, vaults: ["home", "work"]).isEmpty)
        #expect(ClientCheck.findings(client: client, vaults: nil).isEmpty)
        let one = ClientCheck.findings(client: client, vaults: ["work"])
        #expect(one.map(\.level) == [.warning])
        #expect(one.first?.text.contains("restricted to home, which isn't in the configuration") == true)
        #expect(one.first?.text.contains("gets nothing") == false)
        let none = ClientCheck.findings(client: client, vaults: [])
        #expect(none.first?.text.hasSuffix("aren't in the configuration, so that it gets nothing") == true)
        client["unreadable"] = .boolean(true)
        let unreadable = ClientCheck.findings(client: client, vaults: ["home"])
        #expect(unreadable.map(\.level) == [.failure])
        #expect(unreadable.first?.subject == "Client my script")
        #expect(unreadable.first?.advice.contains("keybell restrict 'my script'") == true)
    }

    private let daemon = DaemonProcess(pid: 7, executable: "/usr/bin/keybelld")

    @Test(arguments: [
        ("127.0.0.1 localhost\n::1 localhost ip6-localhost\n", Finding.Level.ok),
        ("# 10.0.0.1 localhost\n127.0.0.1\tbox localhost # mine\n", .ok),
        ("127.0.0.1 localhost.localdomain\n", .warning), ("", .warning), ("192.0.2.1 localhost\n", .failure),
        ("127.0.0.1 localhost\n192.0.2.1 localhost\n", .failure), ("nonsense localhost\n", .failure),
    ])
    func `localhost must be this machine`(hosts: String, level: Finding.Level) {
        #expect(HostsCheck.finding(hosts: hosts).level == level)
    }

    private static func agent(exclusive: Bool, answered: UInt32, expired: UInt32) -> [String: Value] {
        [
            "name": .string("panel"), "executable": .string("/usr/bin/panel"),
            "exclusive": .boolean(exclusive),
            "answered": .uint32(answered), "expired": .uint32(expired),
        ]
    }

    @Test(arguments: [(0, 1, true), (0, 0, false), (5, 2, false), (5, 3, true)])
    func `an exclusive agent under which everything expires may draw nothing`(
        answered: UInt32,
        expired: UInt32,
        isTold: Bool
    ) {
        let finding = BusCheck.finding(
            agent: Self.agent(exclusive: true, answered: answered, expired: expired)
        )
        #expect(finding.map { $0.level == .warning && $0.text.contains("panel") } == (isTold ? true : nil))
        #expect(
            BusCheck.finding(agent: Self.agent(exclusive: false, answered: answered, expired: expired)) == nil
        )
    }

    @Test func `hosts that can't be read are a warning`() {
        #expect(HostsCheck.finding(hosts: nil).level == .warning)
    }

    @Test func `a port that nobody holds is right only while the daemon isn't running`() {
        #expect(PortCheck.finding("a", nil, daemon: nil, ownUID: 1).level == .ok)
        #expect(PortCheck.finding("a", nil, daemon: daemon, ownUID: 1).level == .failure)
    }

    @Test func `a port that the daemon or systemd holds is right`() {
        let own = PortCheck.Listener(uid: 1, holders: [daemon])
        #expect(PortCheck.finding("a", own, daemon: daemon, ownUID: 1).level == .ok)
        let systemd = DaemonProcess(pid: 2, executable: "/usr/lib/systemd/systemd")
        let socket = PortCheck.Listener(uid: 1, holders: [systemd])
        #expect(PortCheck.finding("a", socket, daemon: nil, ownUID: 1).level == .ok)
    }

    @Test func `a port that somebody else holds fails and names who`() {
        let stranger = DaemonProcess(pid: 9, executable: "/opt/keepass")
        let found = PortCheck.finding("a", .init(uid: 1, holders: [stranger]), daemon: daemon, ownUID: 1)
        #expect(found.level == .failure && found.text.contains("/opt/keepass (9)"))
        // The daemon's own process can't be looked into, by design.
        let hidden = PortCheck.Listener(uid: 1, holders: [], saysKeybell: true)
        #expect(PortCheck.finding("a", hidden, daemon: daemon, ownUID: 1).level == .ok)
        #expect(PortCheck.finding("a", hidden, daemon: nil, ownUID: 1).level == .failure)
        // By its own word it may be anybody.
        for (isOwn, level) in [(true, Finding.Level.ok), (false, .failure)] {
            let said = PortCheck.Listener(uid: 1, holders: [], saysKeybell: !isOwn, isOwn: isOwn)
            #expect(PortCheck.finding("a", said, daemon: daemon, ownUID: 1).level == level)
        }
        let other = PortCheck.finding("a", .init(uid: 2, holders: []), daemon: nil, ownUID: 1)
        #expect(other.level == .failure && other.text.contains("another user"))
    }

    @Test func `where notifications are off somebody else must show requests`() {
        #expect(BusCheck.turnedOff(agents: nil).level == .ok)
        var silent = Self.agent(exclusive: false, answered: 0, expired: 4)
        silent["shown"] = .boolean(false)
        var fresh = silent
        fresh["expired"] = .uint32(0)
        #expect(BusCheck.turnedOff(agents: [fresh]).level == .ok)
        #expect(BusCheck.turnedOff(agents: [silent]).level == .warning)
        #expect(BusCheck.turnedOff(agents: [silent, fresh]).level == .ok)
        #expect(BusCheck.finding(agent: silent, isNotifierOff: true)?.level == .warning)
        #expect(BusCheck.turnedOff(agents: []).level == .warning)
        #expect(BusCheck.turnedOff(agents: []).advice.contains("keybell watch"))
    }

    @Test(arguments: ["mako emersion 0.0.0", "dunst knopwob 1.9.0"])
    func `a server that keeps buttons in a menu is told of so`(server: String) {
        let found = BusCheck.finding(server: server, capabilities: ["actions"])
        #expect(found.level == .ok)
        #expect(found.text.contains("keybell allow CODE"))
        // By default it cuts long questions after the fifth line.
        #expect(found.text.contains("[app-name=Keybell]") == server.hasPrefix("mako"))
    }

    @Test func `a notification server without buttons is a warning that says how to answer`() {
        #expect(BusCheck.finding(server: "dunst", capabilities: ["actions", "body"]).level == .ok)
        let found = BusCheck.finding(server: "old", capabilities: ["body"])
        #expect(found.level == .warning && found.advice.contains("keybell allow"))
    }

    @Test func `a daemon that isn't running is a warning`() {
        #expect(BusCheck.finding(nil).level == .warning)
        #expect(BusCheck.finding(daemon).level == .ok)
    }

    @Test(arguments: [
        (CollectionState.noProvider, Finding.Level.failure), (.noCollection, .failure), (.locked, .warning),
        (.unlocked, .ok),
    ])
    func `the keyring's state has its level, and its advice where there is something to do`(
        state: CollectionState,
        level: Finding.Level
    ) {
        let found = KeyringCheck.findings(KeyringReport(state: state))
        #expect(found.last?.level == level)
        #expect((found.last?.advice.isEmpty == true) == (level == .ok))
    }

    @Test func `a provider that the bus starts when it is wanted is no failure`() {
        var report = KeyringReport(state: .noProvider)
        report.canBeStarted = true
        #expect(KeyringCheck.findings(report).map(\.level) == [.warning])
        // One that runs without offering it has advice of its own.
        report.idle = [.keePassXC]
        #expect(KeyringCheck.findings(report).map(\.level) == [.failure])
    }

    @Test(arguments: [
        ("gnome-keyring", nil, 0, nil), ("gnome-keyring", "KeePassXC", 100, "KeePassXC"),
        ("gnome-keyring", "KeePassXC", 700_000, nil), ("KeePassXC", nil, 700_000, "KeePassXC"),
        ("KeePassXC", "gnome-keyring", 0, "KeePassXC"),
    ])
    func `another program than before is told for a week`(
        last: String,
        former: String?,
        age: Int64,
        told: String?
    ) {
        var report = KeyringReport(state: .unlocked)
        report.owner = ":1.7"
        report.executable = "/usr/bin/gnome-keyring-daemon"
        let memory = ProviderMemory.Content(name: last, former: former, since: 1_000_000)
        let finding = KeyringCheck.changeOfProvider(report, memory, now: 1_000_000 + age)
        #expect(finding?.level == (told == nil ? nil : .warning))
        if let told { #expect(finding?.text.contains(told) == true) }
        for since in [Int64.min, .max] {
            let strange = ProviderMemory.Content(name: last, former: former, since: since)
            let isTold = KeyringCheck.changeOfProvider(report, strange, now: 1_000_000_000) != nil
            #expect(isTold == (last == "KeePassXC" || (since == .max && former != nil)))
        }
        report.owner = nil
        #expect(KeyringCheck.changeOfProvider(report, memory, now: 1_000_000) == nil)
    }

    @Test func `a provider without encrypted sessions is a failure, whatever else is in order`() {
        var report = KeyringReport(state: .unlocked)
        #expect(!KeyringCheck.findings(report).contains { $0.level == .failure })
        report.isUnencrypted = true
        let failures = KeyringCheck.findings(report).filter { $0.level == .failure }
        #expect(failures.map(\.advice) == [KeyringError.unencrypted.advice])
    }

    @Test(arguments: [CollectionState.noCollection, .locked])
    func `each program's keyring has advice of its own`(state: CollectionState) {
        let programs = ["gnome-keyring-daemon", "keepassxc", "kwalletd5", "strange"]
        let advice = programs.map { program in
            var report = KeyringReport(state: state)
            report.owner = ":1.7"
            report.executable = "/usr/bin/\(program)"
            return KeyringCheck.findings(report).last?.advice ?? ""
        }
        #expect(!advice.contains(""))
        #expect(Set(advice).count == 4)
    }

    @Test func `a keyring that asks before it gives a key says where to stop that`() {
        var report = KeyringReport(state: .unlocked)
        report.executable = "/usr/bin/keepassxc"
        report.lockedItems = 2
        let found = KeyringCheck.findings(report)
        #expect(found.map(\.level) == [.ok, .warning])
        #expect(
            found[1].text.contains("2 client keys") && found[1].advice.contains("Secret Service Integration")
        )
    }

    @Test(arguments: [
        (["keybelld"], nil), (["keybelld", "--config"], nil),
        (["keybelld", "--config", "/etc/k.toml"], "/etc/k.toml"),
        (["keybelld", "--config=/etc/k.toml"], "/etc/k.toml"),
        (["keybelld", "--config", "k.toml"], "/home/me/k.toml"),
    ])
    func `the file that a running daemon reads is found in its arguments`(arguments: [String], file: String?)
    {
        #expect(ConfigurationCheck.file(in: arguments, folder: "/home/me") == file)
    }

    @Test func `keys that are there twice are named`() {
        #expect(KeyringCheck.doubles(ids: ["a", "b"]).map(\.level) == [.ok])
        let found = KeyringCheck.doubles(ids: ["a", "b", "a", "c", "c"])
        #expect(found.map(\.level) == [.warning, .warning])
        #expect(found[0].text.contains("\"a\"") && found[1].text.contains("\"c\""))
    }

    @Test(arguments: [
        (SecureHeap.State.locked, Finding.Level.ok), (.notLocked, .warning), (.unavailable, .warning),
        (.forbidden, .warning),
    ])
    func `memory that can't be locked is a warning`(state: SecureHeap.State, level: Finding.Level) {
        #expect(MemoryCheck.finding(state).level == level)
    }

    @Test
    func
        `memory that a filter forbids to lock isn't taken for a limit, and it's said where a full one is told`()
    {
        let forbidden = MemoryCheck.finding(.forbidden).lines.joined()
        #expect(forbidden.contains("SystemCallFilter") && !forbidden.contains("LimitMEMLOCK"))
        #expect(MemoryCheck.finding(.notLocked).lines.joined().contains("LimitMEMLOCK"))
        #expect(MemoryCheck.finding(.locked).text.contains("the daemon's log says"))
    }

    @Test func `one cause is told once, with all its files`() {
        let troubles = ["a.jsonl: not a directory", "b.jsonl: not a directory", "c.jsonl: other: x"]
        #expect(AuditCheck.byCause(troubles) == ["a.jsonl, b.jsonl: not a directory", "c.jsonl: other: x"])
        #expect(AuditCheck.reading(troubles).count == 2)
    }

    @Test func `a daemon that goes by something else isn't blamed for a free port`() {
        let daemon = DaemonProcess(pid: 7, executable: "/usr/bin/keybelld")
        func finding(_ elsewhere: PortCheck.Elsewhere?) -> Finding {
            PortCheck.finding("a", nil, daemon: daemon, ownUID: 1, elsewhere: elsewhere)
        }
        #expect(finding(nil).level == .failure)
        #expect(finding(.formerPort).level == .warning)
        #expect(finding(.otherFile("/c")).text.contains("goes by /c"))
        var details = ConfigurationDetails(file: "/etc/passwd", isCurrent: true)
        #expect(PortCheck.Elsewhere("/etc/passwd", details) == nil)
        #expect(PortCheck.Elsewhere("/etc/group", details) == .otherFile("/etc/passwd"))
        details.afterRestart = ["http.port"]
        #expect(PortCheck.Elsewhere(nil, details) == .formerPort)
    }

    @Test func `while the configuration has a mistake, the port in force is looked at, or none`() async {
        var details = ConfigurationDetails(file: "/etc/passwd", isCurrent: false, problem: "wrong")
        #expect(PortCheck.port(nil, nil, details) == nil)
        details.serving = ServingSettings(port: 21940, collection: "default")
        #expect(PortCheck.port(nil, nil, details) == 21940)
        #expect(PortCheck.port(nil, "/etc/group", details) == nil)
        #expect(PortCheck.port(Configuration(), nil, details) == 19455)
        // A restart would end a daemon that serves.
        #expect(PortCheck.Elsewhere(nil, details) == nil)
        let findings = await PortCheck.findings(port: nil, daemon: daemon)
        #expect(findings.map(\.subject) == ["Port"])
    }

    @Test func `a daemon that is started when somebody asks need not run`() {
        #expect(BusCheck.finding(nil, isStartedByItself: true).level == .ok)
        let listening = "LoadState=loaded\nActiveState="
        #expect(SocketCheck.startsDaemon(SystemdUnit(parsing: listening + "active\n")))
        #expect(!SocketCheck.startsDaemon(SystemdUnit(parsing: listening + "failed\n")))
        #expect(!SocketCheck.startsDaemon(nil))
    }

    @Test func `nobody is asked for a password that the configuration says`() {
        var vault = VaultSettings.keyring
        vault.kind = .kdbx
        #expect(PinentryCheck.asks([vault]))
        vault.password = .empty
        #expect(!PinentryCheck.asks([vault]))
    }

    @Test func `what can't be read of the record is told by file`() {
        #expect(AuditCheck.reading([]).isEmpty)
        let found = AuditCheck.reading(["audit.jsonl: permission denied"])
        #expect(found.map(\.level) == [.warning] && found[0].text.contains("audit.jsonl: permission denied"))
    }

    @Test func `a finding is printed with its advice, cleaned`() {
        let found = Finding.failure("S", "t\u{1B}[2J", do: "a\nb")
        #expect(found.lines == ["FAIL  S: t[2J", "      → ab"])
        #expect(Finding.ok("S", "fine").lines == ["ok    S: fine"])
    }
}
