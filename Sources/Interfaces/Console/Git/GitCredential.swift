// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// What git tells of a login that it wants or has used: lines of `key=value` (git-credential(1)).
struct GitCredential: Sendable {
    /// What git calls the protocol.
    private var scheme = ""
    private var host = ""
    /// The path of the repository; empty unless git is told to go by it (`credential.useHttpPath`).
    private(set) var path = ""
    /// Whose login it is; empty where git doesn't know.
    var username = ""
    var password: SecretBytes?
    /// Whether it ends by itself soon, as a token does that another helper has fetched.
    private(set) var isTemporary = false

    /// The longest line, and how many of them are read; git itself sends a dozen short ones.
    private static let longestLine = 1 << 16
    private static let mostLines = 1000

    /// Reads lines up to an empty one or the end, byte by byte; those with other keys are passed over.
    static func read(_ next: () throws(ConsoleError) -> UInt8?) throws(ConsoleError) -> GitCredential {
        var credential = GitCredential()
        for _ in 0..<mostLines {
            let line = try SecretBytes(capacity: longestLine) { (bytes) throws(ConsoleError) in
                while let byte = try next(), byte != UInt8(ascii: "\n") {
                    guard byte != 0 else { throw .usage("A value has a NUL in it.") }
                    guard bytes.count < longestLine else { throw .usage("A line is too long.") }
                    bytes.append(byte)
                }
            }
            guard !line.isEmpty else { return credential }
            try credential.take(line)
        }
        throw .usage("There are too many lines.")
    }

    private mutating func take(_ line: SecretBytes) throws(ConsoleError) {
        let sign = line.withSpan { span in span.indices.first { span[$0] == UInt8(ascii: "=") } }
        guard let sign, let key = Self.part(of: line, 0..<sign).exposedText() else { return }
        let value = Self.part(of: line, sign + 1..<line.count)
        // Left out it would mean any user, or the whole host.
        func text() throws(ConsoleError) -> String {
            guard let text = value.exposedText() else {
                throw .refused("The \(key) that git names isn't UTF-8: no login can be found by it.")
            }
            return text
        }
        switch key {
        case "protocol": scheme = try text()
        case "host": host = try text()
        case "path": path = Self.withoutSlash(try text())
        case "username": username = try text()
        case "password": password = value
        case "password_expiry_utc": isTemporary = true
        default: break
        }
    }

    /// The address that a login is asked for at; nil where it is for no host, such as the password of a certificate.
    ///
    /// A host that another one could be read from is none.
    var url: String? {
        let isScheme = scheme.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || "0123456789+-.".utf8.contains(byte)
        }
        let isHost = host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/\\?#@".utf8.contains($0) }
        guard isScheme, isHost, !scheme.isEmpty, !host.isEmpty else { return nil }
        return "\(scheme)://\(host)/\(path)"
    }

    /// What a login that is for just this repository is called; nil for one of the whole host.
    var title: String? { path.isEmpty ? nil : "\(host)/\(path)" }

    /// Whether a login may be the one that is meant.
    func admits(login: String) -> Bool {
        username.isEmpty || login.utf8.elementsEqual(username.utf8)
    }

    private static func withoutSlash(_ path: String) -> String {
        String(Substring(path.utf8.drop { $0 == UInt8(ascii: "/") }))
    }

    private static func part(of line: SecretBytes, _ range: Range<Int>) -> SecretBytes {
        line.withSpan { span in
            SecretBytes(capacity: range.count) { part in
                for index in range { part.append(span[index]) }
            }
        }
    }
}
