// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing

/// What `keybell doctor` says of vaults, files and rules, without asking anybody.
struct DoctorVaultTests {
    /// A folder with a vault's file, and a session without a daemon.
    private struct Home {
        let folder: TemporaryFolder
        let session: DaemonSession

        init(_ vault: String, rest: String = "", file: [UInt8]? = nil) async throws {
            folder = try TemporaryFolder()
            let bytes = try file ?? BuiltVault.file()
            try Data(bytes).write(to: URL(filePath: folder.path("main.kdbx")))
            try folder.write("empty", "")
            session = try await DaemonSession(
                "[[vault]]\nkind = \"kdbx\"\nname = \"main\"\n"
                    + vault.replacing("FOLDER", with: folder.path) + "\n" + rest,
                withKeyring: false,
                starting: false
            )
        }

        /// The finding about a subject, with its advice.
        func finding(_ subject: String, _ arguments: String...) async throws -> (level: String, text: String)
        {
            let report = try await ChildProcess.run(
                DaemonSession.programs + "/keybell",
                ["doctor", "--json"] + arguments,
                environment: session.bus.environment
            )
            let all =
                try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [[String: String]] ?? []
            let found = all.first { $0["subject"] == subject }
            guard let found else { throw TestFailure("nothing of \(subject) in \(report)") }
            return (found["level"] ?? "", (found["text"] ?? "") + " → " + (found["advice"] ?? ""))
        }
    }

    @Test(arguments: [
        ("path = \"FOLDER/nosuch.kdbx\"", "isn't there", "Mount the disk"),
        ("path = \"FOLDER\"", "is a folder", "Name the file itself"),
        ("path = \"/etc/passwd\"", "no KeePass database", "must name a .kdbx file"),
        ("path = \"FOLDER/empty\"", "is empty", "from a backup"),
        ("path = \"FOLDER/main.kdbx\"\nkey_file = \"FOLDER/nosuch.key\"", "the key file", "`key_file`"),
        ("path = \"FOLDER/main.kdbx\"\nkey_file = \"FOLDER/empty\"", "of no use", "Fetch the key file"),
        (
            "path = \"FOLDER/main.kdbx\"\nkey_file = \"FOLDER/main.kdbx\"", "the vault's own file",
            "Name the key file"
        ),
        (
            "path = \"FOLDER/main.kdbx\"\npassword_command = [\"nosuchprogram\"]",
            "isn't there or can't be run", "whole path"
        ),
    ])
    func `a vault that can't be opened is told of, with a cure`(
        vault: String,
        text: String,
        cure: String
    ) async throws {
        let finding = try await Home(vault).finding("Vault main")
        #expect(finding.level == "failure")
        #expect(finding.text.contains(text) && finding.text.contains(cure), "\(finding)")
    }

    @Test(arguments: [
        ("path = \"FOLDER/empty\"", "empty"), ("path = \"FOLDER/nosuch.kdbx\"", "nosuch.kdbx"),
        ("path = \"FOLDER/main.kdbx\"", "main.kdbx"),
    ])
    func `a backup is named that is there, with its date, and none that isn't`(vault: String, file: String)
        async throws
    {
        let home = try await Home(vault, file: Array("nothing".utf8))
        let without = try await home.finding("Vault main")
        #expect(!without.text.contains("keybell-backup") && !without.text.contains("`cp"), "\(without)")
        let backup = try home.folder.write(file + ".keybell-backup", "kept")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
            ofItemAtPath: backup
        )
        let found = try await home.finding("Vault main")
        #expect(found.text.contains("its content of 2023-11-14"), "\(found)")
        #expect(found.text.contains("`cp \(backup) \(home.folder.path(file))`"), "\(found)")
    }

    @Test(.enabled(if: getuid() == 0, "a file system of its own needs a mount namespace"))
    func `a vault that can be read and not saved into is told of`() async throws {
        let home = try await Home("path = \"FOLDER/disk/main.kdbx\"")
        let folder = home.folder.path
        let script = """
            run() { setpriv --reuid=nobody --regid=nogroup --clear-groups "\(DaemonSession.programs)/keybell" doctor --config config.toml; }
            mkdir "\(folder)/disk" && chmod -R a+rX "\(folder)"
            mount -t tmpfs -o size=256k tmpfs "\(folder)/disk"
            cd "\(folder)/disk"
            cp ../main.kdbx . && cp "\(home.session.configuration)" config.toml && chown -R nobody . && chmod 755 .
            run; chmod 444 main.kdbx
            run; chmod 644 main.kdbx; head -c 300000 /dev/zero >filler
            run
            mount -o remount,ro .
            run
            """
        let report = try await ChildProcess.run(
            "unshare",
            ["--mount", "sh", "-c", script],
            environment: ["HOME": "/nonexistent", "XDG_STATE_HOME": "/tmp"]
        )
        let found = report.output.split(separator: "\n").filter { $0.contains(" Vault main: ") }.map {
            $0.hasPrefix("ok") ? "ok" : String($0.split(separator: ":").last ?? "")
        }
        #expect(
            found == [
                "ok", "ok", " it may not be written", "ok", " its disk is full", "ok",
                " its disk can only be read",
            ],
            "\(report)"
        )
    }

    @Test func `a file that is cut off is told of, and of any other where its backup is`() async throws {
        let whole = try BuiltVault.file()
        for length in [40, whole.count - 1] {
            let finding = try await Home("path = \"FOLDER/main.kdbx\"", file: Array(whole.prefix(length)))
                .finding("Vault main")
            #expect(finding.level == "failure" && finding.text.contains("backup"), "\(finding)")
        }
        let home = try await Home("path = \"FOLDER/main.kdbx\"", file: whole)
        try home.folder.write("main.kdbx.keybell-backup", "kept")
        let finding = try await home.finding("Vault main")
        #expect(finding.level == "ok" && finding.text.contains("main.kdbx.keybell-backup"), "\(finding)")
    }

    @Test func `a password command is run only when that is asked for`() async throws {
        let home = try await Home(
            "path = \"FOLDER/main.kdbx\"\npassword_command = [\"sh\", \"-c\", \"touch FOLDER/ran; cat FOLDER/password\"]"
        )
        try home.folder.write("password", "demopass\n")
        let unopened = try await home.finding("Vault main")
        #expect(unopened.level == "ok" && unopened.text.contains("doctor --open"), "\(unopened)")
        #expect(!FileManager.default.fileExists(atPath: home.folder.path("ran")))
        let opened = try await home.finding("Vault main", "--open")
        #expect(
            opened.level == "ok" && opened.text.contains("opens with its password_command: 1 entry"),
            "\(opened)"
        )
        try home.folder.write("password", "wrong\n")
        let wrong = try await home.finding("Vault main", "--open")
        #expect(wrong.level == "failure" && wrong.text.contains("doesn't open"), "\(wrong)")
        try FileManager.default.removeItem(atPath: home.folder.path("password"))
        let failing = try await home.finding("Vault main", "--open")
        #expect(failing.level == "failure" && failing.text.contains("exit status 1"), "\(failing)")
        #expect(!failing.text.contains("demopass"))
    }

    @Test func `what opens without anybody's password is opened when that is asked for`() async throws {
        let keyFile = [UInt8](repeating: 7, count: 32)
        for (password, key, words) in [
            ("none", try CompositeKey(password: nil, keyFile: keyFile), "the key file alone"),
            (
                "empty", try CompositeKey(password: SecretBytes(utf8: ""), keyFile: keyFile),
                "the empty password"
            ),
        ] {
            let home = try await Home(
                "path = \"FOLDER/main.kdbx\"\nkey_file = \"FOLDER/key\"\npassword = \"\(password)\"",
                file: BuiltVault.file(key: key)
            )
            try Data(keyFile).write(to: URL(filePath: home.folder.path("key")))
            let unopened = try await home.finding("Vault main")
            #expect(unopened.level == "ok" && unopened.text.contains("doctor --open` also tries \(words)"))
            let opened = try await home.finding("Vault main", "--open")
            #expect(opened.level == "ok" && opened.text.contains("opens with \(words): 1 entry"), "\(opened)")
            try home.folder.write("key", "another one")
            let wrong = try await home.finding("Vault main", "--open")
            #expect(wrong.level == "failure" && wrong.text.contains("\(words) doesn't open"), "\(wrong)")
            #expect(wrong.text.contains("take password = \"\(password)\" out"), "\(wrong)")
        }
    }

    @Test(arguments: [("none", "empty", "failure"), ("empty", "none", "warning")])
    func `a file that opens the other way without a password is told of so`(
        password: String,
        other: String,
        level: String
    ) async throws {
        let keyFile = [UInt8](repeating: 7, count: 32)
        let secret = other == "empty" ? SecretBytes(utf8: "") : nil
        let home = try await Home(
            "path = \"FOLDER/main.kdbx\"\nkey_file = \"FOLDER/key\"\npassword = \"\(password)\"",
            file: BuiltVault.file(key: try CompositeKey(password: secret, keyFile: keyFile))
        )
        try Data(keyFile).write(to: URL(filePath: home.folder.path("key")))
        let found = try await home.finding("Vault main", "--open")
        #expect(found.level == level && found.text.contains("Write password = \"\(other)\""), "\(found)")
    }

    @Test(arguments: [("nosuchpinentry", "isn't there"), ("cat", "doesn't speak"), ("true", "doesn't speak")])
    func `a pinentry that can't ask is told of`(program: String, text: String) async throws {
        let finding = try await Home(
            "path = \"FOLDER/main.kdbx\"",
            rest: "[unlock]\npinentry = \"\(program)\"\n"
        )
        .finding("Pinentry")
        #expect(finding.level == "failure" && finding.text.contains(text), "\(finding)")
    }

    @Test func `certificates that can't be served are told of before the daemon's start`() async throws {
        let home = try await Home("path = \"FOLDER/main.kdbx\"")
        let text = try String(contentsOfFile: home.session.configuration, encoding: .utf8)
        let named = text.replacing(
            "[http]\n",
            with:
                "[http]\ncertificate = \"\(home.folder.path)/c.pem\"\nprivate_key = \"\(home.folder.path)/k.pem\"\n"
        )
        try named.write(toFile: home.session.configuration, atomically: true, encoding: .utf8)
        let absent = try await home.finding("HTTPS")
        #expect(absent.level == "failure" && absent.text.contains("keybell certificate"), "\(absent)")
        try home.folder.write("c.pem", "nothing\n")
        try home.folder.write("k.pem", "nothing\n")
        let junk = try await home.finding("HTTPS")
        #expect(junk.level == "failure" && junk.text.contains("no certificate in it"), "\(junk)")
        try home.folder.write("c.pem", String(decoding: LocalCertificate().chain, as: UTF8.self))
        let keyless = try await home.finding("HTTPS")
        #expect(keyless.level == "failure" && keyless.text.contains("no private key in it"), "\(keyless)")
    }

    @Test func `what goes out without a question is said, and a table for nobody`() async throws {
        let session = try await DaemonSession(
            "[access]\nask = \"never\"\n[[client]]\nid = \"nosuch\"\nsave.ask = \"never\"\n"
        )
        let report = try await session.keybell("doctor")
        #expect(
            report.output.contains("warn  Access: every client gets the logins of any page"),
            "\(report.output)"
        )
        #expect(
            report.output.contains("warn  Access: the client “nosuch” makes and changes logins"),
            "\(report.output)"
        )
        #expect(report.output.contains("for “nosuch”, and no client has that Id"), "\(report.output)")
    }

    @Test(.enabled(if: getuid() == 0, "a file system of its own needs a mount namespace"))
    func `a state folder that is full or only to be read is told of`() async throws {
        let home = try await Home("path = \"FOLDER/main.kdbx\"")
        let script = """
            mkdir -p "$XDG_STATE_HOME/keybell"
            mount -t tmpfs -o size=64k tmpfs "$XDG_STATE_HOME/keybell"
            head -c 60000 /dev/zero >"$XDG_STATE_HOME/keybell/filler"
            "\(DaemonSession.programs)/keybell" doctor
            head -c 65536 /dev/zero >"$XDG_STATE_HOME/keybell/filler"
            "\(DaemonSession.programs)/keybell" doctor
            mount -o remount,ro "$XDG_STATE_HOME/keybell"
            "\(DaemonSession.programs)/keybell" doctor
            """
        let report = try await ChildProcess.run(
            "unshare",
            ["--mount", "sh", "-c", script],
            environment: home.session.bus.environment
        )
        // A few records fit where little room is left.
        #expect(report.output.contains("ok    State: "), "\(report)")
        #expect(report.output.contains("is on a disk that is full"), "\(report)")
        #expect(report.output.contains("can only be read"), "\(report)")
    }

    @Test func `a state folder that is a file is told of once, and not as an empty record`() async throws {
        let home = try await Home("path = \"FOLDER/main.kdbx\"")
        let environment = home.session.bus.environment.merging(["XDG_STATE_HOME": home.folder.path]) { $1 }
        try home.folder.write("keybell", "")
        func keybell(_ command: String) async throws -> ChildProcess.Report {
            try await ChildProcess.run(
                DaemonSession.programs + "/keybell",
                [command],
                environment: environment
            )
        }
        let doctor = try await keybell("doctor").output
        #expect(doctor.contains("something that is no folder") && !doctor.contains("can't all be read"))
        let log = try await keybell("log")
        #expect(log.status == 1 && !log.output.contains("Nothing has been recorded"), "\(log)")
    }
}
