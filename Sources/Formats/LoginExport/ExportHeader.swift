// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// What the first row of a CSV file says about the others.
package struct ExportHeader: Sendable {
    /// Whose file it is.
    package let format: ExportFormat
    /// The names of columns that aren't known, in small letters, and so not taken over.
    package let others: [String]
    private let columns: [(ExportFormat.Column, Int)]
    private let count: Int

    /// Why a first row is no header.
    package enum Fault: Error, Equatable, Sendable {
        /// It can't be read.
        case unreadable(RowFault)
        /// It is no header that is known: how many columns it has, those of its names that are known from some
        /// program's files, and whether semicolons or tabs stand where there should be commas.
        ///
        /// Only known names: where a file has no header, its first row has a password.
        case unknown(columns: Int, known: [String], otherSeparator: Bool)
        /// Several columns of it, these, hold the same.
        case repeated([String])
    }

    /// Reads the first row.
    package init(_ row: CSVRow) throws(Fault) {
        if let fault = row.fault { throw .unreadable(fault) }
        var names: [String] = []
        for number in 0..<row.count {
            do throws(RowFault) {
                names.append(try row.text(number).lowercased().filter { !"\u{FEFF}\"".contains($0) })
            } catch {
                throw .unreadable(error)
            }
        }
        for format in ExportFormat.allCases {
            guard let (columns, others) = format.places(of: names) else { continue }
            let kinds = Dictionary(grouping: columns, by: { $0.0 })
            if let several = kinds.values.filter({ $0.count > 1 }).min(by: { $0[0].1 < $1[0].1 }) {
                throw .repeated(several.map { names[$0.1] })
            }
            (self.format, self.columns, self.others, count) = (format, columns, others, names.count)
            return
        }
        let parts = names.count == 1 ? names[0].split { ";\t".contains($0) }.map { String($0) } : []
        let isOther = parts.count > 1 && parts.contains(where: Self.words.contains)
        throw .unknown(
            columns: isOther ? parts.count : names.count,
            known: (isOther ? parts : names).filter(Self.words.contains),
            otherSeparator: isOther
        )
    }

    /// What columns are called in the files of password managers.
    private static let words: Set = [
        "account", "archived", "category", "collections", "created", "createtime", "email", "extra", "fav",
        "favorite", "fields", "folder", "formactionorigin", "group", "grouping", "guid", "hostname",
        "httprealm",
        "icon", "last modified", "login", "login_password", "login_totp", "login_uri", "login_username",
        "modifytime", "name", "note", "notes", "otpauth", "otpsecret", "otpurl", "password", "tags",
        "timecreated",
        "title", "totp", "type", "url", "user name", "username", "vault", "web site", "website",
    ]

    /// The login of a row.
    ///
    /// - Throws: Why it is none.
    package func login(_ row: CSVRow) throws(RowFault) -> ExportedLogin {
        if let fault = row.fault { throw fault }
        guard row.count == count else { throw .columns(row.count, expected: count) }
        var login = ExportedLogin()
        for (column, number) in columns {
            switch column {
            case .title: login.title = try row.text(number)
            case .username: login.username = try row.text(number)
            case .password: login.password = row.secret(number)
            case .url: login.urls = try urls(row.text(number))
            case .notes: login.notes = row.secret(number)
            case .otp: login.otp = row.secret(number)
            case .realm: login.realm = try row.text(number)
            case .group: login.group = try group(row.text(number))
            case .fields: login.fields = try Self.fields(row.field(number))
            case .kind: guard try ["login", "note"].contains(row.text(number)) else { throw .kind }
            }
        }
        guard login.isUTF8 else { throw .notUTF8 }
        guard !login.isEmpty else { throw .empty }
        return login
    }

    private func urls(_ text: String) -> [String] {
        switch format {
        case .bitwarden: Self.separated(text)
        // android://CERTIFICATE@PACKAGE/ is the app that androidapp://PACKAGE is for KeePass's programs.
        case .chromium where text.utf8.starts(with: "android://".utf8):
            text.split(separator: "@").last.map { ["androidapp://" + $0.prefix { $0 != "/" }] } ?? []
        default: text.isEmpty ? [] : [text]
        }
    }

    /// Several URLs with commas between them, which may have commas in their paths.
    private static func separated(_ text: String) -> [String] {
        var urls: [String] = []
        var hasPath = false
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let mark = part.firstRange(of: "://")
            if hasPath, mark == nil {
                urls[urls.count - 1] += "," + part
            } else if !part.isEmpty {
                urls.append(String(part))
                hasPath = part[(mark?.upperBound ?? part.startIndex)...].contains("/")
            }
        }
        return urls
    }

    /// - Throws: `recycled`.
    private func group(_ path: String) throws(RowFault) -> String {
        switch format {
        // The root group stands before all others.
        case .keePassXC:
            let names = path.split(separator: "/").dropFirst()
            guard names.first != "Recycle Bin" else { throw .recycled }
            return names.joined(separator: "/")
        // Of several collections the first.
        case .bitwarden: return String(path.prefix { $0 != "," })
        default: return path
        }
    }

    /// Bitwarden's custom fields: `name: value`, one in each line, or in several where the value has line breaks.
    private static func fields(_ bytes: ArraySlice<UInt8>) throws(RowFault) -> [(
        name: String, value: SecretBytes
    )] {
        var found: [(name: String, value: Range<Int>)] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            if let colon = bytes[start..<end].firstIndex(of: UInt8(ascii: ":")),
                bytes[(colon + 1)..<end].first == UInt8(ascii: " ")
            {
                guard let name = SecretBytes(copying: bytes[start..<colon]).exposedText() else {
                    throw .notUTF8
                }
                found.append((name, (colon + 2)..<end))
            } else if let last = found.popLast() {
                found.append((last.name, last.value.lowerBound..<end))
            } else {
                found.append(("", start..<end))
            }
            start = end + 1
        }
        return found.map { ($0.name.isEmpty ? "Field" : $0.name, SecretBytes(copying: bytes[$0.value])) }
            .filter { !$0.value.isEmpty }
    }
}
