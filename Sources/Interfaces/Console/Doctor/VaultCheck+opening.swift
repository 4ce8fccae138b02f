// SPDX-License-Identifier: Apache-2.0

import DerivationProcess
import DisplayText
import KDBX
import Passwords
import SecureMemory
import Settings

// Opening the files of vaults, where the person wants that.
extension VaultCheck {
    /// Runs the command, which the person wanted, and opens the file with what it prints.
    func open(_ path: String, _ bytes: [UInt8], keyFile: [UInt8]?, command: [String]) async -> Finding {
        let password: SecretBytes
        do throws(ConsoleError) {
            password = try await CommandPassword.run(command, vault: vault.name, path: path)
        } catch {
            return .failure(subject, error.text, do: "Run it in a terminal: \(Self.line(command))")
        }
        return open(path, bytes, password, keyFile, of: "its password_command") {
            Self.isWrong(subject, path, password, hasKeyFile: keyFile != nil, command: command)
        }
    }

    /// Opens the file in a way that needs no secret from anywhere.
    func open(
        _ path: String,
        _ bytes: [UInt8],
        keyFile: [UInt8]?,
        with password: VaultSettings.Password
    ) -> Finding {
        let secret = Self.secret(password)
        return open(path, bytes, secret, keyFile, of: password.words) {
            let other: VaultSettings.Password = password == .none ? .empty : .none
            if keyFile != nil, opens(bytes, Self.secret(other), keyFile) {
                // The daemon tries the key file alone for an empty password, too.
                let finding = password == .empty ? Finding.warning : Finding.failure
                return finding(
                    subject,
                    "\(password.words) doesn't open \(path), but \(other.words) does",
                    "Write password = \"\(other.rawValue)\" in its [[vault]]."
                )
            }
            let name = keyFile == nil ? "" : "name the key file that it was made with as `key_file`, or "
            let cure = name + "take password = \"\(password.rawValue)\" out of its [[vault]] to be asked."
            return .failure(
                subject,
                "\(password.words) doesn't open \(path)",
                do: cure.prefix(1).uppercased() + cure.dropFirst()
            )
        }
    }

    private static func secret(_ password: VaultSettings.Password) -> SecretBytes? {
        password == .none ? nil : SecretBytes(utf8: "")
    }

    private func opens(_ bytes: [UInt8], _ password: SecretBytes?, _ keyFile: [UInt8]?) -> Bool {
        do throws(KDBXError) {
            let key = try CompositeKey(password: password, keyFile: keyFile)
            _ = try Database(reading: bytes, key: key, limits: limits, by: DerivationProcess())
            return true
        } catch {
            return false
        }
    }

    /// Opens the file with a key, and says which kind it is.
    private func open(
        _ path: String,
        _ bytes: [UInt8],
        _ password: SecretBytes?,
        _ keyFile: [UInt8]?,
        of opener: String,
        isWrong: () -> Finding
    ) -> Finding {
        do throws(KDBXError) {
            let key = try CompositeKey(password: password, keyFile: keyFile)
            let database = try Database(reading: bytes, key: key, limits: limits, by: DerivationProcess())
            let count = Amount.of(database.entries.count, "entry", "entries")
            return .ok(subject, "\(path) opens with \(opener): \(count)")
        } catch .wrongKey {
            return isWrong()
        } catch {
            return .failure(subject, "\(path) can't be opened: \(error.words(limits))", do: cure(error, path))
        }
    }

    /// What is said about a command whose password opens nothing; never the password.
    static func isWrong(
        _ subject: String,
        _ path: String,
        _ password: SecretBytes,
        hasKeyFile: Bool,
        command: [String]
    ) -> Finding {
        let key = hasKeyFile ? ", or the key file isn't the one that it was made with" : ""
        let look = "See what it prints in a terminal: \(line(command)); the password is its first line."
        // What no terminal shows.
        let hint = VaultPasswordSource.suspicion(about: password)
        return .failure(
            subject,
            "what password_command prints doesn't open \(path)" + key,
            do: hint.map { "Look at the password that it prints: \($0)" } ?? look
        )
    }

    private static func line(_ command: [String]) -> String {
        command.map { ShellWord.quoting(PlainText.cleaned($0)) }.joined(separator: " ")
    }
}

extension VaultSettings.Password {
    /// What opens the file.
    var words: String {
        switch self {
        case .none: "the key file alone"
        case .empty: "the empty password"
        }
    }
}
