// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Linux
import UnicodeText
import Vault

/// The file of a vault, however it is called; of one that isn't there just its name is known.
private enum VaultFile: Hashable {
    case present(FileIdentity)
    case absent(String)

    init(_ path: String) {
        self = FileIdentity(of: path).map(Self.present) ?? .absent(path)
    }
}

extension KeyProblem {
    /// The same with the name of the vault that it is of, if that has one: people don't count tables from 0.
    fileprivate func naming(_ table: TableReader) -> KeyProblem {
        // A name that can't be used helps nobody.
        guard key != table.path("name"), let name = try? table.name("name") else { return self }
        return KeyProblem(key: key, message: "\(message) (in the [[vault]] \(PlainText.quoted(name)))")
    }
}

extension VaultSettings {
    /// Every `[[vault]]`, or the keyring where there is none.
    static func all(in document: TableReader, _ folders: Folders) throws(KeyProblem)
        -> [VaultSettings]
    {
        var names: [String: String] = [:]
        var keyring: TableReader?
        var files: [VaultFile: String] = [:]
        let vaults = try document.tables("vault") { table throws(KeyProblem) in
            let vault: VaultSettings
            do throws(KeyProblem) {
                vault = try VaultSettings(reading: table, folders)
            } catch {
                throw error.naming(table)
            }
            if vault.kind == .keyring {
                if let keyring { throw Self.secondKeyring(keyring, table) }
                keyring = table
            }
            // Whoever names one could mean the other, and in a question nobody sees the difference.
            let folded = vault.name.caseFolded
            if let other = names.updateValue(vault.name, forKey: folded) {
                throw table.problem(
                    "name",
                    other == vault.name
                        ? "another vault is called \"\(other)\", too"
                        : "another vault is called \"\(other)\": \"\(vault.name)\" differs by upper and lower case alone"
                )
            }
            guard vault.kind == .keyring || folded != Self.keyring.name else {
                throw table.problem(
                    "name",
                    "\"\(vault.name)\" stands for your keyring, as in `keybell unlock keyring`: give the file another name"
                )
            }
            if let path = vault.path {
                let file = VaultFile(path)
                if let other = files[file] {
                    throw table.problem("path", "is the file of the vault \"\(other)\", too")
                }
                files[file] = vault.name
            }
            return vault
        }
        return vaults.isEmpty ? [.keyring] : vaults
    }

    /// There is only one keyring: the error is blamed on the table that doesn't say what it is, if there is one.
    private static func secondKeyring(_ first: TableReader, _ second: TableReader) -> KeyProblem {
        if let mute = [first, second].first(where: { !$0.has("kind") }) {
            return mute.problem(
                "kind",
                "is missing, so that this is the keyring, as another vault is, too; is it to be kind = \"kdbx\"?"
            )
        }
        return second.problem("kind", "there is one keyring, and a vault has it already")
    }

    private init(reading table: TableReader, _ folders: Folders) throws(KeyProblem) {
        kind = try table.choice("kind") ?? .keyring
        path = try table.text("path").map(folders.expanding)
        keyFile = try table.text("key_file").map(folders.expanding)
        // No shell reads it, which would expand it.
        passwordCommand = try table.texts("password_command", mayBeEmpty: true).map { words in
            words.map(folders.expanding)
        }
        password = try table.choice("password")
        remembersPassword = try table.bool("remember_password") ?? false
        origins = try table.choices("items") ?? []
        switch kind {
        case .keyring:
            for key in ["path", "key_file", "password_command", "password", "remember_password"]
            where table.has(key) {
                throw table.problem(key, "a keyring has none; is it to be kind = \"kdbx\"?")
            }
        case .kdbx:
            guard !table.has("items") else {
                throw table.problem("items", "only a keyring has them; is it to be kind = \"keyring\"?")
            }
            guard let path else { throw table.problem("path", "a kdbx vault needs the path of its file") }
            guard path.hasPrefix("/") else {
                throw table.problem(
                    "path",
                    "must begin with / or ~/, since a daemon has no folder of its own"
                )
            }
        }
        if let keyFile, !keyFile.hasPrefix("/") {
            throw table.problem("key_file", "must begin with / or ~/")
        }
        // An argument may be empty; the program may not.
        if let passwordCommand, passwordCommand.first?.isEmpty ?? true {
            throw table.problem(
                "password_command",
                "must name a program, such as [\"pass\", \"show\", \"keepass\"]"
            )
        }
        name = try table.name("name") ?? path.map(Self.name(ofFile:)) ?? Self.keyring.name
        try checkPassword(in: table)
        try table.finish()
    }

    /// What opens the file is said in only one way.
    private func checkPassword(in table: TableReader) throws(KeyProblem) {
        guard let password else { return }
        guard passwordCommand == nil else {
            throw table.problem(
                "password",
                "is \"\(password.rawValue)\"; take it out, or password_command"
            )
        }
        guard password != .none || keyFile != nil else {
            throw table.problem("password", "is \"none\", and there is no key_file to open it with")
        }
    }

    /// The file's name without folders and `.kdbx`.
    private static func name(ofFile path: String) -> String {
        let file = path.split(separator: "/").last ?? "kdbx"
        let name = String(file.hasSuffix(".kdbx") && file.utf8.count > 5 ? file.dropLast(5) : file)
        return PlainName(cleaning: name)?.text ?? "kdbx"
    }
}
