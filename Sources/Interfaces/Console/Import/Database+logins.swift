// SPDX-License-Identifier: Apache-2.0

import KDBX
import LoginExport
import SecureMemory

extension Database {
    /// The logins in it, without those in the recycle bin, templates of nobody, and the plugin's own entry.
    ///
    /// - Parameter take: Called for each; false ends it.
    func logins(_ take: (ImportedRow) -> Bool) {
        for entry in entries {
            let group = entry.group
            guard group?.isRecycled != true, entry.text("Title") != "KeePassHttp Settings" else { continue }
            guard take(entry.importedRow(in: group)) else { return }
        }
    }
}

extension Entry {
    private static let ownParts: Set = ["Title", "UserName", "Password", "URL", "Notes"]

    fileprivate func importedRow(in group: Group?) -> ImportedRow {
        var login = ExportedLogin()
        login.title = text("Title") ?? ""
        login.username = text("UserName") ?? ""
        login.password = secret("Password") ?? login.password
        login.urls = [text("URL") ?? ""].filter { !$0.isEmpty }
        login.notes = secret("Notes") ?? login.notes
        login.group = group?.path.joined(separator: "/") ?? ""
        for string in strings where !Self.ownParts.contains(string.field.name) {
            guard let value = secret(of: string), !value.isEmpty else { continue }
            login.fields.append((string.field.name, value))
        }
        guard login.isUTF8 else { return ImportedRow(login: .failure(.notUTF8)) }
        guard !login.isEmpty else { return ImportedRow(login: .failure(.empty)) }
        var row = ImportedRow(login: .success(login))
        if !attachments.isEmpty { row.leftOut.append("its attachments") }
        return row
    }
}
