// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Ciphers
import DisplayText
import FoundationEssentials
import Linux
import SecureMemory
import Settings

/// `keybell certificate`: what HTTPS needs, made here.
struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Make a certificate for HTTPS on this computer.",
        discussion: """
            Few clients need HTTPS: what is on the loopback never leaves this computer. For those that do, this makes a \
            certificate for localhost, 127.0.0.1 and ::1 and an authority to trust, whose own key is thrown away at \
            once, so that nothing else can ever be signed with it.
            """
    )

    @Flag(help: "Replace a certificate that is there already.")
    var force = false

    @OptionGroup var output: JSONOption

    func run() async throws {
        let folders = Folders.ofProcess()
        let files = CertificateFiles(in: folders.configuration)
        if !force, let file = files.all.first(where: { FileManager.default.fileExists(atPath: $0) }) {
            throw ConsoleError.refused(
                "\(PlainText.cleaned(file)) is there already; with --force it is replaced."
            )
        }
        try files.write(try Self.make())
        guard !output.json else {
            Output.json(files.json)
            return
        }
        let file = await Self.daemonsFile() ?? folders.configurationFile
        let lines = files.lines(
            configuration: file,
            port: Self.port(in: file, folders),
            hasTable: Self.hasTable(in: file)
        )
        for line in lines { Output.line(line) }
    }

    /// The file that the running daemon reads, which may have been given by its arguments.
    private static func daemonsFile() async -> String? {
        // Without a bus, or a daemon on it, it is the usual one.
        let file = try? await DaemonBus.connect().configuration().details?.file
        return file.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The HTTPS port in a file, as it will be in force; nil if the file can't be read.
    private static func port(in file: String, _ folders: Folders) -> Int? {
        // The usual one may be absent.
        let path = file == folders.configurationFile ? nil : file
        // It is for the daemon to complain about what is wrong with it.
        return (try? Configuration.load(path: path, folders: folders))?.http.tlsPort
    }

    /// Whether a file has an `[http]` table already; a second one would be a mistake.
    private static func hasTable(in file: String) -> Bool {
        // What can't be read counts as having none.
        guard let bytes = try? FileBytes.read(file, limit: 1 << 20, followsLinks: true) else { return false }
        return CertificateFiles.hasTable(String(decoding: bytes, as: UTF8.self))
    }

    private static func make() throws(ConsoleError) -> LocalCertificate {
        do throws(CipherError) {
            return try LocalCertificate()
        } catch {
            throw .refused("libcrypto could not make a certificate.")
        }
    }
}

/// Where a certificate's parts are kept.
struct CertificateFiles: Equatable, Sendable {
    let folder: String
    var certificate: String { folder + "/certificate.pem" }
    var privateKey: String { folder + "/private-key.pem" }
    var authority: String { folder + "/authority.pem" }
    var all: [String] { [certificate, privateKey, authority] }

    init(in folder: String) {
        self.folder = folder
    }

    /// Writes them, readable for this user only.
    func write(_ made: LocalCertificate) throws(ConsoleError) {
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            // It goes to the disk as it is, so a copy in memory is no worse; this process ends soon.
            let key = made.privateKey.withSpan { span in span.indices.map { span[$0] } }
            try SafeFile.write(key, to: privateKey)
            try SafeFile.write(made.chain, to: certificate)
            try SafeFile.write(made.authority, to: authority)
        } catch {
            throw .refused("The certificate can't be written to \(PlainText.cleaned(folder)): \(error.words)")
        }
    }

    /// The paths and names, for programs.
    var json: JSON {
        .object([
            ("certificate", .string(certificate)), ("private-key", .string(privateKey)),
            ("authority", .string(authority)),
            ("names", .array(LocalCertificate.names.map { .string($0) })),
        ])
    }

    /// Whether a configuration's text has an `[http]` table.
    static func hasTable(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { line in
            let words = line.filter { $0 != " " && $0 != "\t" }
            return words == "[http]" || words.hasPrefix("[http]#")
        }
    }

    /// What was made and what is left to do, for the person.
    ///
    /// - Parameters:
    ///   - configuration: The configuration file.
    ///   - port: The port for HTTPS; nil if there is no telling.
    ///   - hasTable: Whether that file has an `[http]` table, which takes the two lines.
    /// - Returns: The lines.
    func lines(configuration: String, port: Int?, hasTable: Bool = false) -> [String] {
        let authority = ShellWord.quoting(authority)
        return [
            "Made a certificate for \(LocalCertificate.names.joined(separator: ", ")), good for 825 days.",
            "",
            hasTable
                ? "Put this under [http] in \(configuration), in place of a certificate that is there, and start keybelld again:"
                : "Put this into \(configuration) and start keybelld again:",
            "",
            hasTable ? nil : "    [http]",
            "    certificate = \(JSON.quoted(certificate))",
            "    private_key = \(JSON.quoted(privateKey))",
            "",
            "Then let those who use it trust its authority, which can sign nothing else (its key is gone):",
            "",
            "    Chromium   certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Keybell -i \(authority)",
            "               (certutil is in Debian's libnss3-tools)",
            "    Firefox    Settings, Privacy & Security, View Certificates, Authorities, Import",
            "    curl       curl --cacert \(authority) https://localhost:\(port.map { String($0) } ?? "PORT")/version",
            "    the rest   sudo cp \(authority) /usr/local/share/ca-certificates/keybell.crt",
            "               sudo update-ca-certificates",
        ].compactMap(\.self)
    }
}
