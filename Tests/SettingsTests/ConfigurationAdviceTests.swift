// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Settings

/// What a configuration names and is better put right.
struct ConfigurationAdviceTests {
    private static let day: Int64 = 86_400
    private static let names = ["-addext", "subjectAltName=DNS:localhost"]

    private let folder: TemporaryFolder
    private let folders: Folders
    /// A minute after the test began, when whatever it makes is valid.
    private let now = Int64(Date().timeIntervalSince1970) + 60

    init() throws {
        folder = try TemporaryFolder()
        folders = Folders(environment: ["HOME": folder.path], accountHome: "/")
    }

    /// Makes a certificate of 100 days that signed itself, and a configuration that names it.
    private func certificate(_ options: String...) async throws -> Configuration {
        let made = try await ChildProcess.run(
            "openssl",
            ["req", "-x509", "-nodes", "-subj", "/CN=localhost", "-days", "100"] + Self.names + options
                + ["-keyout", folder.path("key.pem"), "-out", folder.path("cert.pem")]
        )
        #expect(made.status == 0, "\(made)")
        return try configuration("[http]\ncertificate = \"~/cert.pem\"\nprivate_key = \"~/key.pem\"")
    }

    private func configuration(_ text: String) throws -> Configuration {
        try Configuration.parse(text, file: "config.toml", folders: folders)
    }

    private func advice(_ configuration: Configuration, at time: Int64? = nil) -> [ConfigurationAdvice] {
        configuration.advice(folders: folders, path: folder.path + ":/usr/bin:/bin", now: time ?? now)
    }

    @Test(.enabled(if: InstalledProgram.isThere("openssl"), "openssl is not installed"))
    func `a good certificate needs no word until a month before its end`() async throws {
        let configuration = try await certificate("-newkey", "rsa:2048")
        #expect(advice(configuration) == [])
        #expect(advice(configuration, at: now + 69 * Self.day) == [])
        let soon = advice(configuration, at: now + 71 * Self.day)
        #expect(soon.count == 1 && soon[0].text.contains("expires soon, on 20"))
        #expect(soon[0].text.contains(folder.path("cert.pem")) && soon[0].key == "http.certificate")
        let late = advice(configuration, at: now + 101 * Self.day)
        #expect(late.count == 1 && late[0].text.contains("has expired, on 20"))
        let early = advice(configuration, at: now - Self.day)
        #expect(early.count == 1 && early[0].text.contains("isn't valid yet"))
    }

    @Test(
        .enabled(if: InstalledProgram.isThere("openssl"), "openssl is not installed"),
        arguments: [
            (["-newkey", "rsa:1024", "-sha256"], "a weak key (1024 bits)"),
            (["-newkey", "rsa:2048", "-sha1"], "a weak signature (SHA1)"),
            (["-newkey", "rsa:2048", "-md5"], "a weak signature (MD5)"),
            (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime192v1"], "a weak key (192 bits)"),
        ]
    )
    func `a weak one is told of`(options: [String], words: String) async throws {
        let made = try await ChildProcess.run(
            "openssl",
            ["req", "-x509", "-nodes", "-subj", "/CN=localhost", "-days", "100"] + Self.names + options
                + ["-keyout", folder.path("key.pem"), "-out", folder.path("cert.pem")]
        )
        #expect(made.status == 0, "\(made)")
        let configuration = try configuration(
            "[http]\ncertificate = \"~/cert.pem\"\nprivate_key = \"~/key.pem\""
        )
        let found = advice(configuration)
        #expect(found.count == 1 && found[0].text.contains(words), "\(found)")
    }

    @Test(
        .enabled(if: InstalledProgram.isThere("openssl"), "openssl is not installed"),
        arguments: [
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], ["-newkey", "ed25519"],
        ]
    )
    func `what is strong is not`(options: [String]) async throws {
        let made = try await ChildProcess.run(
            "openssl",
            ["req", "-x509", "-nodes", "-subj", "/CN=localhost", "-days", "100"] + Self.names + options
                + ["-keyout", folder.path("key.pem"), "-out", folder.path("cert.pem")]
        )
        #expect(made.status == 0, "\(made)")
        #expect(
            try advice(
                configuration("[http]\ncertificate = \"~/cert.pem\"\nprivate_key = \"~/key.pem\"")
            ) == []
        )
    }

    @Test(.enabled(if: InstalledProgram.isThere("openssl"), "openssl is not installed"))
    func `a key that others may read, or that is another certificate's, is told of`() async throws {
        let configuration = try await certificate("-newkey", "rsa:2048")
        let key = folder.path("key.pem")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let read = advice(configuration)
        #expect(read.count == 1 && read[0].key == "http.private_key")
        #expect(read.first?.cure.contains("chmod go-rwx \(key)") == true)
        let other = try await ChildProcess.run("openssl", ["genrsa", "-out", key, "2048"])
        #expect(other.status == 0)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let found = advice(configuration)
        #expect(found.count == 1 && found[0].text.contains("doesn't belong to the private key in \(key)"))
    }

    @Test func `programs that others could replace are told of, wherever they are found`() throws {
        let own = try folder.write("ask", "#!/bin/sh\n")
        let key = try folder.write("vault.key", "secret")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: own)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let configuration = try configuration(
            """
            [[vault]]
            kind = "kdbx"
            path = "~/a.kdbx"
            key_file = "~/vault.key"
            password_command = ["ask", "nicely"]
            [unlock]
            pinentry = "sh"
            """
        )
        #expect(advice(configuration) == [])
        try FileManager.default.setAttributes([.posixPermissions: 0o757], ofItemAtPath: own)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let found = advice(configuration)
        #expect(found.map(\.key) == ["vault[0].key_file", "vault[0].password_command"])
        #expect(found.last?.text.contains(own) == true)
        #expect(found.last?.cure.contains("chmod go-w \(own)") == true)
    }

    @Test(arguments: ["K\u{131}z\u{131}l", "Anna\u{2019}s", "Büro „privat“", "p\u{430}ypal"])
    func `a vault's name that may be mistaken works, and is told of`(name: String) throws {
        let configuration = try configuration("[[vault]]\nname = \"\(name)\"")
        #expect(configuration.vaults.map(\.name) == [name])
        #expect(advice(configuration).map(\.key) == ["vault[0].name"])
        #expect(try advice(self.configuration("[[vault]]\nname = \"Büro\"")) == [])
    }

    @Test(arguments: [
        ("[approval]\nconfirm_with = \"pinentry\"", "approval.confirm_with"),
        ("[approval]\nconfirm_with = \"\"\nconfirm_kinds = [\"save\"]", "approval.confirm_kinds"),
        (
            "[[vault]]\nkind = \"kdbx\"\npath = \"/a\"\npassword = \"empty\"\nremember_password = true",
            "vault[0].remember_password"
        ),
        ("[access]\nask = \"granted\"\nask_bulk = \"never\"", "access.ask_bulk"),
        (
            "[access]\nask = \"granted\"\n[[client]]\nid = \"backup\"\naccess.ask_bulk = \"never\"",
            "[[client]] backup: access.ask_bulk"
        ),
    ])
    func `a setting that does nothing stops nobody, and is told of`(text: String, key: String) throws {
        let configuration = try configuration(text)
        #expect(configuration.uselessSettings.map(\.key) == [key])
        #expect(advice(configuration).map(\.key).contains(key))
    }

    @Test func `what isn't there is told of elsewhere`() throws {
        let configuration = try configuration(
            """
            [http]
            certificate = "/nonexistent/cert.pem"
            private_key = "/nonexistent/key.pem"
            [[vault]]
            kind = "kdbx"
            path = "/nonexistent/a.kdbx"
            key_file = "/nonexistent/a.key"
            password_command = ["/nonexistent/pass"]
            [unlock]
            pinentry = "nonexistent-pinentry"
            """
        )
        #expect(advice(configuration) == [])
    }

    @Test(
        .enabled(if: InstalledProgram.isThere("openssl"), "openssl is not installed"),
        arguments: [
            ([], true), (["-addext", "subjectAltName=DNS:example.org"], true),
            (["-addext", "subjectAltName=IP:127.0.0.1"], false),
        ] as [([String], Bool)]
    )
    func `one that isn't for this computer's own names is told of`(options: [String], isTold: Bool)
        async throws
    {
        let made = try await ChildProcess.run(
            "openssl",
            ["req", "-x509", "-nodes", "-subj", "/CN=localhost", "-days", "100", "-newkey", "rsa:2048"]
                + options + ["-keyout", folder.path("key.pem"), "-out", folder.path("cert.pem")]
        )
        #expect(made.status == 0, "\(made)")
        let found = advice(
            try configuration("[http]\ncertificate = \"~/cert.pem\"\nprivate_key = \"~/key.pem\"")
        )
        #expect(found.contains { $0.text.contains("isn't for localhost") } == isTold)
    }

    @Test func `a port for HTTPS without a certificate is told of`() throws {
        #expect(try advice(configuration("[http]\ntls_port = 20000")).first?.key == "http.tls_port")
    }

    @Test func `a port that only the system's services may have is told of`() {
        func text(uid: UInt32, first: Int) -> String? {
            ReservedPort.advice(on: 80, "http.port", uid: uid, first: first)?.text
        }
        #expect(text(uid: 1000, first: 1024)?.contains("port 80") == true)
        #expect(text(uid: 0, first: 1024) == nil)
        #expect(text(uid: 1000, first: 80) == nil)
    }

    @Test func `a mistake in a vault's table names the vault`() {
        let text = "[[vault]]\nkind = \"kdbx\"\nname = \"work\"\npath = \"/a\"\ncolour = 1"
        let error = #expect(throws: ConfigurationError.self) { try configuration(text) }
        #expect(error?.description.contains("vault[0].colour: unknown key (in the [[vault]] “work”)") == true)
    }
}
