// SPDX-License-Identifier: Apache-2.0

import LoginExport
import SecureMemory
import Vault

/// A login in a file that is imported, or what can't be read as one.
struct ImportedRow {
    /// The line in which it begins; nil where the file has no lines.
    var line: Int?
    /// The login, or why it is none.
    var login: Result<ExportedLogin, RowFault>
    /// What of it isn't taken over, for a person: names of fields, never values.
    var leftOut: [String] = []

    /// A login without what can't be taken over.
    init(line: Int? = nil, login: Result<ExportedLogin, RowFault>) {
        (self.line, self.login) = (line, login)
        guard case .success(var login) = login else { return }
        login.fields.removeAll { field in
            let isLeftOut = !LoginDraft.mayBeImported(field.name, field.value)
            if isLeftOut { leftOut.append("the field \(field.name)") }
            return isLeftOut
        }
        // The first one says where the login belongs: without it, it would be another.
        let further = login.urls.dropFirst().filter {
            LoginDraft.mayBeImported("KP2A_URL", SecretBytes(utf8: $0))
        }
        if further.count < login.urls.count - 1 {
            leftOut.append("further URLs that aren't the address of one page or host")
        }
        login.urls = login.urls.prefix(1) + further
        self.login = .success(login)
    }
}
