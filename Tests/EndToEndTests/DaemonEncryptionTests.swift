// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// HTTPS beside HTTP, with the certificate that `keybell certificate` makes.
struct DaemonEncryptionTests {
    /// A session whose daemon serves HTTPS, and where.
    private struct Encrypted {
        let session: DaemonSession
        let port: Int
        let authority: String

        /// Makes a certificate and starts the daemon with it; the files are where the command says.
        init() async throws {
            port = try FreePort.next()
            session = try await DaemonSession(starting: false)
            let made = try await session.keybell("certificate", "--json")
            guard made.status == 0,
                let json = try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any],
                let certificate = json["certificate"] as? String,
                let privateKey = json["private-key"] as? String,
                let authority = json["authority"] as? String
            else { throw TestFailure("no certificate: \(made)") }
            self.authority = authority
            try session.add(
                "tls_port = \(port)\ncertificate = \"\(certificate)\"\nprivate_key = \"\(privateKey)\"",
                to: "http"
            )
            try await session.start()
        }

        /// Talks to the daemon as curl does.
        func curl(_ arguments: String..., host: String = "localhost", input: String = "") async throws
            -> ChildProcess.Report
        {
            try await ChildProcess.run(
                "curl",
                ["-sS", "-i", "-m", "30", "--cacert", authority] + arguments + ["https://\(host):\(port)/"],
                input: input
            )
        }
    }

    @Test func `a client is served by HTTPS as by HTTP, on all its names`() async throws {
        let encrypted = try await Encrypted()
        let session = encrypted.session
        let client = ClientProgram(session)
        let body = String(decoding: try client.body(.associate), as: UTF8.self)
        let report = try await BusAnswerer(session).answering(["id": "firefox"]) {
            try await encrypted.curl("--data-binary", "@-", input: body)
        }
        let welcomed = try IncomingReply(parsing: HTTPReply(report).body, key: client.key)
        #expect(welcomed.success && welcomed.id == "firefox")
        #expect(try await ClientProgram(session, id: "firefox", key: client.key).ask(.testAssociate).success)

        let interfaces = try String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)
        let hasIPv6 = interfaces.contains("00000000000000000000000000000001")
        for host in ["localhost", "127.0.0.1"] + (hasIPv6 ? ["[::1]"] : []) {
            let page = try await encrypted.curl(host: host)
            #expect(page.status == 0 && page.output.contains("This is Keybell"), "\(page)")
        }
    }

    @Test func `checks and limits are the same over HTTPS`() async throws {
        let encrypted = try await Encrypted()
        let page = try await encrypted.curl("-H", "Origin: https://evil.example", "--data", "{}")
        #expect(try HTTPReply(page).status == 403)
        let broken = try await encrypted.curl("--data", "{")
        #expect(try HTTPReply(broken).status == 400)
        // Plain HTTP to this port, and a client that trusts nobody: no harm to the next.
        let plain = try await ChildProcess.run(
            "curl",
            ["-sS", "-m", "20", "http://localhost:\(encrypted.port)/"]
        )
        #expect(plain.status != 0)
        let stranger = try await ChildProcess.run(
            "curl",
            ["-sS", "-m", "20", "https://localhost:\(encrypted.port)/"]
        )
        #expect(stranger.status == 60, "\(stranger)")
        #expect(try HTTPReply(await encrypted.curl()).status == 200)
        #expect(try await encrypted.session.stop().status == 0)
    }

    @Test func `another user's handshake isn't answered`() async throws {
        let encrypted = try await Encrypted()
        let script = """
            import os, socket, ssl
            os.setgid(65534); os.setuid(65534)
            s = socket.create_connection(("127.0.0.1", \(encrypted.port)), 10)
            try:
                ssl._create_unverified_context().wrap_socket(s)
                print("served")
            except OSError:
                print("closed")
            """
        let report = try await ChildProcess.run("python3", ["-c", script])
        #expect(report.output == "closed\n", "\(report)")
    }

    @Test(arguments: ["missing.pem", "config", "broken.pem", "other-key.pem"])
    func `a key that can't be used ends the daemon, and it says which file`(name: String) async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        #expect(try await session.keybell("certificate").status == 0)
        let folder = session.bus.folder.path("config/keybell")
        try session.bus.folder.write("config/keybell/broken.pem", "-----BEGIN PRIVATE KEY-----\nno\n")
        try FileManager.default.moveItem(
            atPath: folder + "/private-key.pem",
            toPath: folder + "/other-key.pem"
        )
        try FileManager.default.removeItem(atPath: folder + "/authority.pem")
        #expect(try await session.keybell("certificate", "--force").status == 0)
        let file = name == "config" ? folder : folder + "/" + name
        try session.add(
            "certificate = \"\(folder)/certificate.pem\"\nprivate_key = \"\(file)\"",
            to: "http"
        )
        let report = try await session.run(
            DaemonSession.programs + "/keybelld",
            "--config",
            session.configuration
        )
        #expect(report.status == 2, "\(report)")
        #expect(report.errors.contains(file), "\(report)")
    }

    @Test func `what to do with a certificate is said of the file that the daemon reads`() async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let text = try String(contentsOfFile: session.configuration, encoding: .utf8)
        let other = try session.bus.folder.write("other.toml", text)
        let daemon = try ChildProcess(
            DaemonSession.programs + "/keybelld",
            ["--config", other],
            environment: session.bus.environment
        )
        try await daemon.prints("ready")
        let made = try await session.keybell("certificate")
        #expect(made.status == 0 && made.output.contains(" in \(other),"), "\(made)")
        daemon.terminate()
        _ = try await daemon.end(within: .seconds(20))
    }

    @Test func `a certificate isn't overwritten unasked, and its key is for this user alone`() async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let first = try await session.keybell("certificate")
        #expect(first.status == 0)
        #expect(
            first.output.contains("[http]") && first.output.contains("update-ca-certificates"),
            "\(first)"
        )
        let key = session.bus.folder.path("config/keybell/private-key.pem")
        let attributes = try FileManager.default.attributesOfItem(atPath: key)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let former = try Data(contentsOf: URL(filePath: key))

        let second = try await session.keybell("certificate")
        #expect(second.status == 1 && second.errors.contains("--force"), "\(second)")
        #expect(try Data(contentsOf: URL(filePath: key)) == former)
        #expect(try await session.keybell("certificate", "--force").status == 0)
        #expect(try Data(contentsOf: URL(filePath: key)) != former)
    }
}

extension DaemonSession {
    /// Adds lines to a table of the configuration file, for the daemon's next start.
    fileprivate func add(_ lines: String, to table: String) throws {
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        try Data(text.replacing("[\(table)]\n", with: "[\(table)]\n\(lines)\n", maxReplacements: 1).utf8)
            .write(to: URL(filePath: configuration))
    }
}
