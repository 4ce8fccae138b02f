// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import SecureMemory
import TestSupport
import Testing

@testable import Console

/// What commands say of trouble that the daemon, a terminal or a file has.
struct TroubleTests {
    @Test func `doctor tells of a vault that is served as it was`() {
        let findings = BusCheck.findings(vault: [
            "name": .string("home"), "kind": .string("kdbx"), "locked": .boolean(false),
            "entries": .uint32(2), "trouble": .string("The file is gone."),
        ])
        #expect(findings.map(\.level) == [.failure])
        #expect(findings.first?.text.contains("The file is gone.") == true)
        #expect(BusCheck.findings(vault: ["name": .string("home"), "locked": .boolean(true)]).isEmpty)
    }

    @Test func `doctor and status tell of what is in memory alone`() {
        let vault: [String: Value] = [
            "name": .string("home"), "kind": .string("kdbx"), "locked": .boolean(true),
            "entries": .uint32(0), "unkept": .string("It is in memory alone."),
        ]
        let findings = BusCheck.findings(vault: vault)
        #expect(findings.map(\.level) == [.failure])
        #expect(findings.first?.text == "It is in memory alone.")
        #expect(StatusCommand.line(vault: vault) == "home (kdbx, locked): It is in memory alone.")
    }

    @Test func `doctor says of a running daemon that it waits for its configuration`() {
        let daemon = DaemonProcess(pid: 7, executable: "/usr/bin/keybelld")
        #expect(BusCheck.finding(daemon).level == .ok)
        let finding = BusCheck.finding(daemon, isUnconfigured: true)
        #expect(finding.level == .warning && finding.text.contains("waits for its configuration"))
    }

    @Test func `what the daemon says of its configuration is told apart from that it waits for a mended one`()
    {
        let state: [String: Value] = ["file": .string("/c.toml"), "current": .boolean(true)]
        #expect(ConfigurationAnswer(.success([.vardict(state)])).details?.file == "/c.toml")
        #expect(ConfigurationAnswer(.success([])) == .unknown)
        let unconfigured = DBusError(name: KeybellBusError.unconfigured, message: "")
        #expect(ConfigurationAnswer(.failure(unconfigured)) == .unconfigured)
        for error in [DBusError.noReply, .disconnected] {
            #expect(ConfigurationAnswer(.failure(error)) == .unknown)
        }
    }

    @Test func `a reload says that the daemon has started only where one answers`() {
        let state: [String: Value] = ["file": .string("/c.toml"), "current": .boolean(true)]
        for (body, isStart) in [([Value.vardict(state)], true), ([], false)] {
            let text = ReloadCommand.json(ofStart: ConfigurationAnswer(.success(body))).text
            #expect(text.contains("true") == isStart, "\(text)")
        }
    }

    @Test func `a bus that has waited in vain for the daemon says that it isn't running`() {
        let error = ConsoleError(
            DBusError(name: DBusError.Name.timedOut, message: "Failed to activate service")
        )
        guard case .unreachable = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `another user's terminal is told of where an unlock fails, with what to run`() throws {
        let failure = ConsoleError.refused("There is nothing to ask on.")
        let told = UnlockCommand.adding(toFailure: failure, of: "/dev/pts/nonexistent", vault: "main")
        #expect(told.text.contains("script -qc 'keybell unlock main' /dev/null"))
        #expect(told.text.hasPrefix("There is nothing to ask on."))
        let folder = try TemporaryFolder()
        try folder.write("own", "")
        let own = UnlockCommand.adding(toFailure: failure, of: folder.path("own"), vault: "main")
        #expect(own.text == failure.text)
    }

    @Test func `doctor names what no terminal shows of a printed password`() {
        func cure(_ password: String) -> String {
            VaultCheck.isWrong(
                "Vault a",
                "/a.kdbx",
                SecretBytes(utf8: password),
                hasKeyFile: false,
                command: ["cat", "secret"]
            ).advice
        }
        #expect(cure("secret\r").contains("carriage return"))
        #expect(cure("s\0e\0c\0\r\0").contains("UTF-16"))
        #expect(cure("\u{FEFF}secret").contains("byte order mark"))
        #expect(
            cure("secret") == "See what it prints in a terminal: cat secret; the password is its first line."
        )
    }

    @Test func `a uuid is one with hyphens, too, whichever command takes it`() async throws {
        let uuid = "01234567-89ab-cdef-0123-456789abcdef"
        #expect(try await ClientSaveCommand.asyncParse(["https://a.example/", "--uuid", uuid]).uuid == uuid)
        #expect(try await ClientCodeCommand.asyncParse(["https://a.example/", "--uuid", uuid]).uuid == uuid)
        #expect(ClientGetCommand.uuid(uuid) == "0123456789ABCDEF0123456789ABCDEF")
    }

    @Test func `every command that looks into a vault can have it unlocked`() async throws {
        #expect(try await ClientSaveCommand.asyncParse(["https://example.org/", "--unlock"]).unlock)
        #expect(try await ClientGetCommand.asyncParse(["mail", "--unlock"]).unlock)
    }
}
