// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KeePassHTTP
import Linux
import SecureMemory

/// Prints logins; a password goes from locked memory to standard output, without becoming a text.
enum EntryPrinter {
    /// A member of a JSON object.
    enum Member {
        case text(String)
        case number(UInt32)
        case secret(SecretBytes)
        case fields([(String, SecretBytes)])
    }

    /// Prints a login for a person.
    static func print(_ entry: ReplyEntry) {
        Output.line(PlainText.cleaned(entry.name))
        if !entry.login.isEmpty { Output.line("  username  \(PlainText.cleaned(entry.login))") }
        if let group = entry.group { Output.line("  group     \(PlainText.cleaned(group.name))") }
        Output.line("  uuid      \(PlainText.cleaned(entry.uuid))")
        for field in entry.stringFields {
            StandardStream.output.write("  \(PlainText.quoted(field.key))  ")
            row(field.value)
        }
        guard !entry.password.isEmpty else { return }
        StandardStream.output.write("  password  ")
        row(entry.password)
    }

    private static func row(_ secret: SecretBytes) {
        let output = StandardStream.output
        Output.secret(indented(output.isTerminal ? harmless(secret, sparesLineFeeds: true) : secret))
        output.write("\n")
    }

    /// The secret with its further lines indented, so that none can be taken for another row.
    static func indented(_ secret: SecretBytes) -> SecretBytes {
        let indent = [UInt8](repeating: 0x20, count: 12)
        return secret.withSpan { span in
            let lines = span.indices.count { span[$0] == 0x0A }
            return SecretBytes(capacity: secret.count + lines * indent.count) { output in
                for index in span.indices {
                    output.append(span[index])
                    guard span[index] == 0x0A else { continue }
                    for byte in indent { output.append(byte) }
                }
            }
        }
    }

    /// Prints logins for a person, a line each and without passwords: title, user, uuid.
    static func print(lines entries: [ReplyEntry]) {
        let rows = entries.map { entry in
            [PlainText.cleaned(entry.name), PlainText.cleaned(entry.login), PlainText.cleaned(entry.uuid)]
        }
        for line in Columns.lines(rows) { Output.line(line) }
    }

    /// What every login has, by the names that ``value(_:of:)`` knows.
    static let fieldNames = ["title", "username", "password", "uuid", "group"]

    /// One value of a login: one of ``fieldNames``, `user` as in JSON, or a string field; nil if it doesn't have that.
    static func value(_ name: String, of entry: ReplyEntry) -> SecretBytes? {
        switch name {
        case "title": SecretBytes(utf8: entry.name)
        case "user", "username": SecretBytes(utf8: entry.login)
        case "password": entry.password
        case "uuid": SecretBytes(utf8: entry.uuid)
        case "group": entry.group.map { SecretBytes(utf8: $0.name) }
        default: entry.stringFields.first { $0.key == name }?.value
        }
    }

    /// Prints a secret and a newline; its control characters never reach a terminal.
    static func line(_ secret: SecretBytes) {
        Output.secret(StandardStream.output.isTerminal ? harmless(secret) : secret)
        StandardStream.output.write("\n")
    }

    /// What a login is in JSON.
    static func members(of entry: ReplyEntry) -> [(String, Member)] {
        var members: [(String, Member)] = [
            ("title", .text(entry.name)), ("user", .text(entry.login)), ("password", .secret(entry.password)),
            ("uuid", .text(entry.uuid)),
        ]
        if let group = entry.group { members.append(("group", .text(group.name))) }
        if !entry.stringFields.isEmpty {
            members.append(("fields", .fields(entry.stringFields.map { ($0.key, $0.value) })))
        }
        return members
    }

    /// Prints a JSON array of objects, one to a line.
    static func print(json objects: [[(String, Member)]]) {
        let output = StandardStream.output
        output.write("[")
        for (index, object) in objects.enumerated() {
            output.write(index == 0 ? "\n  " : ",\n  ")
            print(object)
        }
        output.write(objects.isEmpty ? "]\n" : "\n]\n")
    }

    /// Prints one JSON object.
    static func print(object: [(String, Member)]) {
        print(object)
        StandardStream.output.write("\n")
    }

    private static func print(_ object: [(String, Member)]) {
        let output = StandardStream.output
        output.write("{")
        for (index, member) in object.enumerated() {
            output.write((index == 0 ? "" : ", ") + JSON.quoted(member.0) + ": ")
            switch member.1 {
            case .text(let text): output.write(JSON.quoted(text))
            case .number(let number): output.write(String(number))
            case .secret(let secret): Output.secret(JSON.quoted(secret))
            case .fields(let fields): print(fields.map { ($0.0, .secret($0.1)) })
            }
        }
        output.write("}")
    }

    /// The secret with `?` for each control character, or each but line feeds: C0 and DEL are one byte, C1 is 0xC2 and one of 0x80–0x9F.
    static func harmless(_ secret: SecretBytes, sparesLineFeeds: Bool = false) -> SecretBytes {
        SecretBytes(capacity: secret.count) { output in
            secret.withSpan { span in
                var index = 0
                while index < span.count {
                    let byte = span[index]
                    let isC1 = byte == 0xC2 && index + 1 < span.count && 0x80...0x9F ~= span[index + 1]
                    let isC0 = byte < 0x20 && !(sparesLineFeeds && byte == 0x0A)
                    output.append(isC0 || byte == 0x7F || isC1 ? UInt8(ascii: "?") : byte)
                    index += isC1 ? 2 : 1
                }
            }
        }
    }
}
