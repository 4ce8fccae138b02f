// SPDX-License-Identifier: Apache-2.0

import DisplayText
import TOMLKit
import UnicodeText

/// Reads one TOML table key by key, and knows the path of each key for its errors.
///
/// ``finish()`` refuses what nobody asked for. `TOMLDecoder` in strict mode would, too, but it loses the path of a
/// key inside an array of tables, and says nothing about the type that was found.
final class TableReader {
    /// The path of this table with a final dot, empty for the document itself.
    private let prefix: String
    private let table: TOMLTable
    private var known: Set<String> = []

    init(_ table: TOMLTable, prefix: String = "") {
        self.table = table
        self.prefix = prefix
    }

    func path(_ key: String) -> String { prefix + key }

    func problem(_ key: String, _ message: String) -> KeyProblem {
        KeyProblem(key: path(key), message: message)
    }

    /// The value of a key, which is known from now on.
    private func value(_ key: String) -> (any TOMLValueConvertible)? {
        known.insert(key)
        return table[key]
    }

    func has(_ key: String) -> Bool { value(key) != nil }

    func bool(_ key: String) throws(KeyProblem) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let bool = value.bool else { throw mismatch(key, "true or false", value) }
        return bool
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(KeyProblem) -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.int else { throw mismatch(key, "a whole number", value) }
        guard range.contains(integer) else {
            throw problem(key, "\(integer) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func seconds(_ key: String, in range: ClosedRange<Int>) throws(KeyProblem) -> Duration? {
        try integer(key, in: range).map { .seconds($0) }
    }

    /// A text without control characters, which no path, name or argument needs.
    func text(_ key: String, mayBeEmpty: Bool = false) throws(KeyProblem) -> String? {
        guard let value = value(key) else { return nil }
        return try text(value, at: key, mayBeEmpty: mayBeEmpty)
    }

    /// A text that is a name, in NFC.
    ///
    /// One that may be taken for another is still accepted: the person has written it, and what an earlier version
    /// accepted goes on working.
    func name(_ key: String) throws(KeyProblem) -> String? {
        guard let text = try text(key) else { return nil }
        guard let name = PlainName(text) else {
            throw problem(
                key,
                "is no name: at most \(PlainName.longest) characters, none of them invisible, no spaces at its ends"
            )
        }
        return name.text
    }

    func texts(_ key: String, mayBeEmpty: Bool = false) throws(KeyProblem) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let array = value.array else { throw mismatch(key, "an array of texts", value) }
        var texts: [String] = []
        for (index, element) in array.enumerated() {
            texts.append(try text(element, at: "\(key)[\(index)]", mayBeEmpty: mayBeEmpty))
        }
        return texts
    }

    /// One of an enum's raw values.
    func choice<Choice>(_ key: String, _: Choice.Type = Choice.self) throws(KeyProblem) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try text(key, mayBeEmpty: true) else { return nil }
        return try choice(text, at: key)
    }

    /// Several of an enum's raw values, each once.
    func choices<Choice>(_ key: String, _: Choice.Type = Choice.self) throws(KeyProblem) -> [Choice]?
    where Choice: RawRepresentable<String> & CaseIterable & Hashable {
        guard let texts = try texts(key) else { return nil }
        var choices: [Choice] = []
        for (index, text) in texts.enumerated() {
            let choice: Choice = try choice(text, at: "\(key)[\(index)]")
            guard !choices.contains(choice) else {
                throw problem("\(key)[\(index)]", "\"\(text)\" is there twice")
            }
            choices.append(choice)
        }
        return choices
    }

    /// Reads the table at a key; an absent one reads as empty, so that every default comes from one place.
    func table<Result>(_ key: String, _ read: (TableReader) throws(KeyProblem) -> Result)
        throws(KeyProblem) -> Result
    {
        guard let value = value(key) else {
            return try read(TableReader(TOMLTable(), prefix: path(key) + "."))
        }
        return try nested(value, at: key, read)
    }

    /// Reads each table of an array of tables.
    func tables<Result>(_ key: String, _ read: (TableReader) throws(KeyProblem) -> Result)
        throws(KeyProblem) -> [Result]
    {
        guard let value = value(key) else { return [] }
        guard let array = value.array else {
            throw problem(key, "must be written [[\(key)]], as there may be several")
        }
        var results: [Result] = []
        for (index, element) in array.enumerated() {
            results.append(try nested(element, at: "\(key)[\(index)]", read))
        }
        return results
    }

    /// Refuses the keys that nobody has asked for, the first by name.
    func finish(hint: (String) -> String? = { _ in nil }) throws(KeyProblem) {
        let strangers = table.keys.map { $0.cut(toBytes: ByteKey.longest) }.filter { !known.contains($0) }
        guard let stranger = strangers.min() else { return }
        throw problem(PlainText.field(stranger), hint(stranger).map { "unknown key: \($0)" } ?? "unknown key")
    }

    // MARK: -

    private func nested<Result>(
        _ value: any TOMLValueConvertible,
        at key: String,
        _ read: (TableReader) throws(KeyProblem) -> Result
    ) throws(KeyProblem) -> Result {
        guard let table = value.table else { throw mismatch(key, "a table", value) }
        return try read(TableReader(table, prefix: path(key) + "."))
    }

    private func text(
        _ value: any TOMLValueConvertible,
        at key: String,
        mayBeEmpty: Bool
    ) throws(KeyProblem) -> String {
        guard let text = value.string?.streamSafe else { throw mismatch(key, "a text in quotes", value) }
        guard mayBeEmpty || !text.isEmpty else { throw problem(key, "must not be empty") }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw problem(key, "has a control character in it")
        }
        return text
    }

    private func choice<Choice>(_ text: String, at key: String) throws(KeyProblem) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let choice = Choice(rawValue: text) else {
            let allowed = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw problem(key, "\"\(PlainText.field(text))\" is none of \(allowed)")
        }
        return choice
    }

    private func mismatch(_ key: String, _ wanted: String, _ value: any TOMLValueConvertible)
        -> KeyProblem
    {
        problem(key, "must be \(wanted), not \(value.type.kindOfValue)")
    }
}

extension TOMLType {
    /// The type as an error names it.
    fileprivate var kindOfValue: String {
        switch self {
        case .table: "a table"
        case .array: "an array"
        case .string: "a text"
        case .int, .double: "a number"
        case .bool: "true or false"
        case .date, .time, .dateTime: "a date or time"
        }
    }
}
