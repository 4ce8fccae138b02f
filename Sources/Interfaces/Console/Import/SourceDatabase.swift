// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DerivationProcess
import DisplayText
import KDBX
import Linux
import SecureMemory
import Settings

/// A KeePass file that something is taken from: it is only read.
struct SourceDatabase {
    /// Where it is.
    let path: String
    /// Where its key file is, or nil for none.
    let keyFile: String?
    /// What it may cost to open it.
    let limits: KDBXLimits

    /// Checks whether it could be opened at all, before anybody is asked for its password.
    func look() throws(ConsoleError) {
        let bytes = try Self.read(path)
        let keyBytes: [UInt8]? = if let keyFile { try Self.readKeyFile(keyFile) } else { nil }
        do throws(KDBXError) {
            _ = try LockedFile(parsing: bytes)
            if let keyBytes { _ = try CompositeKey(password: nil, keyFile: keyBytes) }
        } catch {
            throw refusal(error)
        }
    }

    /// Opens it.
    ///
    /// - Parameters:
    ///   - password: Its password, or nil for none.
    ///   - deriver: What derives its key.
    /// - Returns: What is in it.
    /// - Throws: What is wrong with it or its key.
    func open(password: SecretBytes?, by deriver: any KeyDeriver) throws(ConsoleError) -> Database {
        let bytes = try Self.read(path)
        let keyBytes: [UInt8]? = if let keyFile { try Self.readKeyFile(keyFile) } else { nil }
        do throws(KDBXError) {
            let key = try CompositeKey(password: password, keyFile: keyBytes)
            return try Database(reading: bytes, key: key, limits: limits, by: deriver)
        } catch {
            throw refusal(error)
        }
    }

    private static func readKeyFile(_ path: String) throws(ConsoleError) -> [UInt8] {
        try read(path, "name the key file as --key-file, or leave that out if it has none")
    }

    private static func read(
        _ path: String,
        _ cure: String = "name the .kdbx file that KeePass opens, or see whether you may read it"
    ) throws(ConsoleError) -> [UInt8] {
        do throws(SystemCallError) {
            return try FileBytes.read(FileBytes.resolved(path), limit: 1 << 30)
        } catch {
            throw .refused("\(PlainText.cleaned(path)) can't be read (\(error.words)): \(cure).")
        }
    }

    /// What is wrong with the file or its key, and what to do about it.
    private func refusal(_ error: KDBXError) -> ConsoleError {
        let words = error.words(limits)
        let sentence =
            "\(PlainText.cleaned(path)) can't be opened: \(words)" + (words.hasSuffix(".") ? "" : ".")
        let cure =
            switch error {
            case .wrongKey: "Try again, with --key-file if it has one, and --no-password if it has only that."
            case .noKey: "Type its password, or name its key file as --key-file."
            case .keyFile: "Name the key file that it was made with as --key-file."
            case .notKDBX: "Name the .kdbx file that KeePass opens."
            case .truncated, .damaged: "Fetch it from a backup."
            default: error.cure ?? ""
            }
        return .refused(cure.isEmpty ? sentence : sentence + " " + cure)
    }
}

/// The options of a command that takes something from a KeePass file.
struct SourceDatabaseOptions: ParsableArguments {
    @Option(help: "The key file of the KeePass file.", completion: .file())
    var keyFile: String?

    @Flag(help: "The KeePass file has a key file and no password.")
    var noPassword = false

    @Option(help: "The configuration file, for its limits; else the usual one.")
    var config: String?

    func validate() throws {
        guard !noPassword || keyFile != nil else {
            throw ValidationError("--no-password takes a --key-file.")
        }
    }

    /// Opens a KeePass file by its password, which is asked for.
    func open(_ path: String) throws(ConsoleError) -> Database {
        let unlock = try Configuration.forCommand(config).unlock
        let limits = KDBXLimits(seconds: unlock.maximumKDFSeconds, mebibytes: unlock.maximumKDFMemoryMiB)
        let source = SourceDatabase(path: path, keyFile: keyFile, limits: limits)
        try source.look()
        let password = noPassword ? nil : try PasswordInput.ask("Password of \(PlainText.cleaned(path)): ")
        return try source.open(password: password, by: DerivationProcess())
    }
}
