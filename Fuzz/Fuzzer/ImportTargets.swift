// SPDX-License-Identifier: Apache-2.0

import LoginExport

extension Target {
    /// A file that another program has exported, read in pieces; what it is read as travels whole.
    static let csv = Target { bytes in
        var (reader, header): (CSVReader, ExportHeader?) = (CSVReader(), nil)
        func take(_ row: CSVRow) {
            guard let known = header else {
                header = try? ExportHeader(row)
                return
            }
            guard let bytes = try? known.login(row).transferred() else { return }
            var (transfer, count) = (TransferReader(), 0)
            try? transfer.read(bytes + ExportedLogin.endOfTransfer) { count += $0 == nil ? 0 : 1 }
            precondition(count == 1 && transfer.isComplete, "a login has not arrived")
        }
        for start in stride(from: 0, to: bytes.count, by: 4096) {
            reader.read(bytes[start..<min(bytes.count, start + 4096)], take)
        }
        reader.finish(take)
    } seeds: {
        [
            "\"url\",\"username\",\"password\",\"httpRealm\",\"guid\"\r\n\"https://a.example\",\"u\",\"p\"\"\",,\"\"",
            "name,url,username,password,note\na,android://x@b/,u,\"p,\nq\",n\n",
            "folder,type,name,fields,login_uri,login_username,login_password\r\nA,login,n,\"a: b\nc\",\"x,y/,z://\",u,p\r\n",
            "\"Group\",\"Title\",\"Username\",\"Password\",\"URL\"\n\"R/A\",\"t\",\"u\",\"p\",\"\"\n",
        ].map { Array($0.utf8) }
    }

    /// Logins on their way to the daemon, from whoever calls it.
    static let transfer = Target(limit: 1 << 20) { bytes in
        var reader = TransferReader()
        try? reader.read(bytes) { _ = $0?.isEmpty }
    } seeds: {
        ["title\0a\0password\0b\0url\0c\0url\0d\0field:x\0e\0\0\0", "\0"].map { Array($0.utf8) }
    }
}
