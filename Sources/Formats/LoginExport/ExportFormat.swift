// SPDX-License-Identifier: Apache-2.0

/// Whose CSV a file is, by its header.
package enum ExportFormat: String, Sendable, CaseIterable {
    // LoginExport.sys.mjs: "url","username","password","httpRealm","formActionOrigin","guid","timeCreated",…
    /// Firefox's.
    case firefox
    // password_csv_writer.cc: name,url,username,password,note
    /// That of Chrome, and of what is made of Chromium: Edge, Brave, Vivaldi, Opera.
    case chromium
    // BaseVaultExportService: folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,…
    /// Bitwarden's, of a person or (`collections` instead of `folder`) of an organization.
    case bitwarden
    // CsvExporter.cpp: "Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified","Created"
    /// KeePassXC's.
    case keePassXC = "keepassxc"

    /// What a column holds.
    enum Column: Sendable {
        case title, username, password, url, notes, otp, realm, group, fields, kind
    }

    /// What the columns that are read are called, in small letters.
    private var read: [String: Column] {
        switch self {
        case .firefox: ["url": .url, "username": .username, "password": .password, "httprealm": .realm]
        case .chromium:
            ["name": .title, "url": .url, "username": .username, "password": .password, "note": .notes]
        case .bitwarden:
            [
                "folder": .group, "collections": .group, "type": .kind, "name": .title, "notes": .notes,
                "fields": .fields, "login_uri": .url, "login_username": .username,
                "login_password": .password, "login_totp": .otp,
            ]
        case .keePassXC:
            [
                "group": .group, "title": .title, "username": .username, "password": .password, "url": .url,
                "notes": .notes, "totp": .otp,
            ]
        }
    }

    /// Columns that say nothing about a login that a vault keeps.
    private var passedOver: Set<String> {
        switch self {
        case .firefox: ["formactionorigin", "guid", "timecreated", "timelastused", "timepasswordchanged"]
        case .chromium: []
        case .bitwarden: ["favorite", "reprompt"]
        case .keePassXC: ["icon", "last modified", "created"]
        }
    }

    /// The columns without which a file is another program's.
    private var required: Set<String> {
        switch self {
        case .firefox: ["url", "username", "password", "guid"]
        case .chromium: ["name", "url", "username", "password"]
        case .bitwarden: ["name", "login_uri", "login_username", "login_password"]
        case .keePassXC: ["group", "title", "username", "password", "url"]
        }
    }

    /// Whether these columns are such a file's; nil if not, else where they are, and which others there are.
    func places(of names: [String]) -> (columns: [(Column, Int)], others: [String])? {
        guard required.isSubset(of: names) else { return nil }
        var (columns, others): ([(Column, Int)], [String]) = ([], [])
        for (number, name) in names.enumerated() {
            if let column = read[name] {
                columns.append((column, number))
            } else if !passedOver.contains(name) {
                others.append(name)
            }
        }
        // Four words that many programs use: with any other column it isn't known whose file it is.
        guard self != .chromium || others.isEmpty else { return nil }
        return (columns, others)
    }
}
