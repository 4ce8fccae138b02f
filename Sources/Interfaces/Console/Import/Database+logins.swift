// SPDX-License-Identifier: Apache-2.0

import KDBX
import LoginExport
import SecureMemory

extension Database {
    /// The logins in it; those in the recycle bin and the plugin's own entry are told as such.
    ///
    /// - Parameter take: Called for each; false ends it.
    func logins(_ take: (ImportedRow) -> Bool) {
        for entry in entries {
            let group = entry.group
            let row =
                if group?.isRecycled == true {
                    ImportedRow(login: .failure(.recycled))
                } else if entry.text("Title") == "KeePassHttp Settings" {
                    ImportedRow(login: .failure(.pluginSettings))
                } else {
                    entry.importedRow(in: group)
                }
            guard take(row) else { return }
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
        // A slash separates groups, for whoever reads a path.
        let path = group?.path ?? []
        login.group = path.map { $0.replacing("/", with: "-") }.joined(separator: "/")
        for string in strings where !Self.ownParts.contains(string.field.name) {
            guard let value = secret(of: string), !value.isEmpty else { continue }
            login.fields.append((string.field.name, value))
        }
        guard login.isUTF8 else { return ImportedRow(login: .failure(.notUTF8)) }
        guard !login.isEmpty else { return ImportedRow(login: .failure(.empty)) }
        var row = ImportedRow(login: .success(login))
        if !attachments.isEmpty { row.leftOut.append("its attachments") }
        if path.contains(where: { $0.contains("/") }) {
            row.leftOut.append("the slash in its group's name, where it is a dash now")
        }
        return row
    }
}
