// SPDX-License-Identifier: Apache-2.0

import DisplayText
import LoginExport
import LoginImport

/// What an import tells, for a person and for a script.
struct ImportReport {
    let lines: ImportLines
    /// The file, as it was named.
    let file: String
    /// What the columns of a CSV file are; nil for a KeePass database.
    let header: ExportHeader?
    let vault: String
    let isDryRun: Bool
    /// Whether the file stays where it is.
    let isKept: Bool

    // MARK: - For a person

    /// The lines to print.
    var text: [String] {
        let name = PlainText.cleaned(file)
        let vault = PlainText.name(vault)
        let format = header?.format.words ?? "KeePass database"
        var text = [
            isDryRun
                ? "What an import of \(name) (\(format)) into the vault \(vault) would do:"
                : "\(name) (\(format)) into the vault \(vault):"
        ]
        text += Columns.lines(
            [
                ("new", lines.count(.new), isDryRun ? "would be added" : "added"),
                ("the same", lines.count(.same), "there already"),
                ("there", lines.count(.there), "with that user and place; nothing else was compared"),
                ("different", lines.count(.different), "there already, and left as it is"),
                ("not possible", lines.count(.refused), "left out"),
                ("unreadable", lines.unreadCount, "left out"),
            ].filter { $0.1 > 0 || $0.0 == "new" }.map { ["  \($0.0)", "\($0.1)", $0.2] }
        )
        text += lines.lines.compactMap(words)
        text += lines.nobodys.map {
            "left out, of \($0.count) entr\($0.count == 1 ? "y" : "ies"): \($0.reason)"
        }
        if lines.moreUnread > 0 { text.append("\(lines.moreUnread) more rows can't be read.") }
        if let others = header?.others, !others.isEmpty {
            let names = others.map { PlainText.quoted($0) }.joined(separator: ", ")
            text.append("Not taken over, since nothing is known about them: the columns \(names).")
        }
        if let advice { text.append(advice) }
        return text
    }

    private func words(_ line: ImportLines.Line) -> String? {
        let start = line.number.map { "line \($0): " } ?? ""
        let who = Self.login(line)
        let without =
            line.leftOut.isEmpty
            ? "" : "without " + line.leftOut.map { PlainText.cleaned($0) }.joined(separator: ", ")
        switch line.outcome {
        case .new where isDryRun: return "\(start)new: \(who)" + (without.isEmpty ? "" : ", \(without)")
        case .new: return without.isEmpty ? nil : "\(start)\(who) was added \(without)"
        case .same, .there: return nil
        case .different:
            return
                "\(start)\(who) is there already and differs: it was left as it is. Compare the two, and change the one in the vault if the file's is newer."
        case .refused:
            return "\(start)\(who) can't be kept: \(PlainText.cleaned(line.reason ?? "see the others."))"
        case nil: return "\(start)\(line.isNobodys ? "left out" : "can't be read"): \(line.reason ?? "")"
        }
    }

    private static func login(_ line: ImportLines.Line) -> String {
        let place = line.place.isEmpty ? PlainText.quoted(line.title) : PlainText.place(line.place)
        return line.username.isEmpty ? place : "\(PlainText.quoted(line.username)) at \(place)"
    }

    /// What to do with the file now.
    private var advice: String? {
        guard header != nil, isKept, !isDryRun else { return nil }
        let name = ShellWord.quoting(file)
        let why = "It has these passwords in plain text, for every program of yours to read."
        return lines.lacksAnything
            ? "When you have looked after what is missing, delete the file: rm \(name). \(why)"
            : "Delete the file now: rm \(name). \(why)"
    }

    // MARK: - For a script

    /// The same as JSON.
    var json: JSON {
        .object([
            ("file", .string(file)), ("format", .string(header?.format.rawValue ?? "kdbx")),
            ("vault", .string(vault)),
            ("dry-run", .bool(isDryRun)),
            ("new", .number(UInt64(lines.count(.new)))), ("same", .number(UInt64(lines.count(.same)))),
            ("there", .number(UInt64(lines.count(.there)))),
            ("different", .number(UInt64(lines.count(.different)))),
            ("refused", .number(UInt64(lines.count(.refused)))),
            ("unreadable", .number(UInt64(lines.unreadCount))),
            ("left-out", .array(lines.nobodys.map(Self.json))),
            ("logins", .array(lines.lines.map(Self.json))),
        ])
    }

    private static func json(_ line: ImportLines.Line) -> JSON {
        .object([
            ("line", line.number.map { .number(UInt64($0)) } ?? .null),
            ("outcome", .string(name(line))), ("title", .string(line.title)),
            ("username", .string(line.username)), ("host", .string(line.place)),
            ("reason", line.reason.map { .string($0) } ?? .null),
            ("left-out", .array(line.leftOut.map { .string($0) })),
        ])
    }

    private static func json(_ nobodys: (reason: String, count: Int)) -> JSON {
        .object([("count", .number(UInt64(nobodys.count))), ("reason", .string(nobodys.reason))])
    }

    private static func name(_ line: ImportLines.Line) -> String {
        switch line.outcome {
        case .new: "new"
        case .same: "same"
        case .there: "there"
        case .different: "different"
        case .refused: "refused"
        case nil: line.isNobodys ? "left-out" : "unreadable"
        }
    }
}

extension ExportFormat {
    /// Whose it is, for a person.
    var words: String {
        switch self {
        case .firefox: "Firefox's CSV"
        case .chromium: "CSV of Chrome, Edge or Brave"
        case .bitwarden: "Bitwarden's CSV"
        case .keePassXC: "KeePassXC's CSV"
        }
    }
}
