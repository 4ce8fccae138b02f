// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the built programs do with a configuration that others could have written, and say of what it names.
struct ConfigurationTrustTests {
    private func change(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test(arguments: [("config/keybell/config.toml", 0o666), ("config/keybell", 0o777), ("config", 0o777)])
    func `a configuration that others may write ends the daemon with status 2 and the cure`(
        name: String,
        mode: Int
    ) async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let place = session.bus.folder.path(name)
        try change(place, mode)
        let daemon = try await session.run(DaemonSession.programs + "/keybelld")
        #expect(daemon.status == 2)
        #expect(daemon.errors.contains(session.configuration + ": "), "\(daemon)")
        #expect(daemon.errors.contains("`chmod go-w \(place)`"), "\(daemon)")
        #expect(daemon.errors.split(separator: "\n").count == 1)
        let named = try await session.run(
            DaemonSession.programs + "/keybelld",
            "--config",
            session.configuration
        )
        #expect(named.status == 2)
        // doctor says the same, and the command line doesn't use it either.
        let doctor = try await session.keybell("doctor")
        #expect(doctor.status == 1 && doctor.output.contains("`chmod go-w \(place)`"), "\(doctor)")
        let client = try await session.keybell("client", "logins", "https://a.example/")
        #expect(client.status == 1 && client.errors.contains("chmod go-w"), "\(client)")
        try change(place, mode & ~0o022)
        try await session.start()
    }

    @Test func `an open key and a certificate near its end are told of by log and doctor`() async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let folder = session.bus.folder
        let (key, certificate) = (folder.path("key.pem"), folder.path("certificate.pem"))
        let made = try await session.run(
            "openssl",
            "req",
            "-x509",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-days",
            "20",
            "-newkey",
            "rsa:2048",
            "-keyout",
            key,
            "-out",
            certificate
        )
        #expect(made.status == 0)
        try change(key, 0o644)
        let text = try String(contentsOfFile: session.configuration, encoding: .utf8)
        try folder.write(
            "config/keybell/config.toml",
            text.replacing(
                "[http]",
                with:
                    "[http]\ntls_port = \(try FreePort.next())\ncertificate = \"\(certificate)\"\nprivate_key = \"\(key)\""
            )
        )
        try await session.start()
        let log = try session.daemon.soFar.errors
        let doctor = try await session.keybell("doctor")
        for said in [log, doctor.output] {
            #expect(said.contains("\(key) can be read by other users"), "\(said)")
            #expect(said.contains("\(certificate) expires soon, on 20"), "\(said)")
            #expect(said.contains("chmod go-rwx \(key)"))
        }
    }
}
