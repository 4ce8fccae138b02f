// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import Testing

@testable import Console

struct ExitCodeTests {
    @Test(arguments: [
        ["no-such-command"], ["allow"], ["allow", "xyz"], ["allow", "7F2A", "--scope", "forever"],
        ["allow", "7F2A", "--minutes", "5"], ["deny", "7F2A", "--mute", "0"], ["rename", "one"],
        ["client", "logins", ""], ["client", "save", "https://a", "--uuid", "xyz"],
        ["client", "logins", "a", "--json", "--password-only"], ["status", "--yaml"],
        ["client", "save", "https://a", "--password", "hunter2"],
    ])
    func `wrong usage exits with 2`(arguments: [String]) async {
        #expect(await Invocation.run(arguments) == 2)
    }

    @Test(arguments: [["--help"], ["allow", "--help"], ["--generate-completion-script", "bash"], []])
    func `help exits with 0`(arguments: [String]) async {
        #expect(await Invocation.run(arguments) == 0)
    }

    @Test func `an error that nobody foresaw is no wrong usage`() {
        struct Unforeseen: Error {}
        #expect(Invocation.report(Unforeseen()) == 1)
        #expect(Invocation.report(Unforeseen(), isUsage: true) == 2)
        #expect(Invocation.report(ValidationError("Leave it out.")) == 2)
        #expect(Invocation.report(ConsoleError.unreachable("Nobody is there.")) == 3)
    }

    private static let codes: [(String, Int32)] = [
        (KeybellBusError.unknownRequest, 1), (KeybellBusError.invalidAnswer, 1),
        (KeybellBusError.notAllowed, 1),
        (KeybellBusError.notFound, 1), (KeybellBusError.locked, 1), (DBusError.Name.serviceUnknown, 3),
        (DBusError.Name.nameHasNoOwner, 3), (DBusError.Name.disconnected, 3), (DBusError.Name.noReply, 3),
        ("org.freedesktop.DBus.Error.Spawn.ChildExited", 3), ("org.freedesktop.systemd1.NoSuchUnit", 3),
        (DBusError.Name.unknownMethod, 1), ("org.example.Else", 1),
    ]

    @Test(arguments: codes)
    func `an error of the bus has its exit code and a text`(name: String, code: Int32) {
        let error = ConsoleError(DBusError(name: name, message: "because\u{1B}[2J"))
        #expect(error.exitCode == code)
        #expect(!error.text.isEmpty)
        #expect(!error.text.contains("\u{1B}"))
    }

    @Test func `a daemon that gives no answer is told of in one way, whoever notices`() {
        #expect(ConsoleError(.noReply) == .noAnswer)
        #expect(ConsoleError.noAnswer.exitCode == 3)
    }

    @Test func `an invalid answer says what is wrong`() {
        let error = DBusError(name: KeybellBusError.invalidAnswer, message: "scope must be once")
        #expect(ConsoleError(error) == .refused("scope must be once"))
    }
}
