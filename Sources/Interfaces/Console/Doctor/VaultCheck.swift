// SPDX-License-Identifier: Apache-2.0

import DisplayText
import FoundationEssentials
import Glibc
import KDBX
import Linux
import Settings
import VaultStores

/// Checks the KeePass files that the configuration names, as far as possible without their passwords.
///
/// Nobody is asked, nothing is run and no key is derived, unless the person wants the files opened.
struct VaultCheck: Sendable {
    /// What is looked at.
    let vault: VaultSettings
    /// What it may cost to open it.
    let limits: KDBXLimits
    /// Where the daemon keeps what it knows.
    var state = Folders.ofProcess().state

    var subject: String { "Vault \(vault.name)" }
    private var files: [String] { [vault.path, vault.keyFile].compactMap(\.self) }
    private static let longest = 1 << 30
    private static let longestKeyFile = 64 << 20

    static func findings(_ configuration: Configuration, opening: Bool) async -> [Finding] {
        var findings: [Finding] = []
        let limits = KDBXLimits(
            seconds: configuration.unlock.maximumKDFSeconds,
            mebibytes: configuration.unlock.maximumKDFMemoryMiB
        )
        for vault in configuration.vaults where vault.kind == .kdbx {
            let check = VaultCheck(vault: vault, limits: limits)
            let (own, file) = await check.findings(opening: opening)
            findings += own
            // By itself: it isn't the folder's fault where the vault's file gives no answer.
            findings += await TimedLook.findings(check.subject, at: [check.state]) {
                [check.kept(), file.flatMap { check.duplicate(unlike: $0) }].compactMap(\.self)
            }
        }
        return findings
    }

    /// What Keybell had saved and could not put into the file.
    func kept() -> Finding? {
        guard let path = vault.path else { return nil }
        let kept = KDBXKeptFiles.found(of: path, state: state)
        guard !kept.isEmpty else { return nil }
        return .warning(
            subject,
            KeptSavesText.sentence(kept),
            do: KeptSavesText.cure(vault.name, keyFiles: KDBXKeptFiles.keyFiles(of: path, state: state))
        )
    }

    /// What Keybell keeps of the file as it wrote it, where another program has written that since.
    ///
    /// It promises no more than what is in that copy: a later save may have got none.
    func duplicate(unlike file: [UInt8]) -> Finding? {
        guard let path = vault.path,
            let kept = KDBXKeptFiles.duplicate(of: path, state: state, unlike: file)
        else { return nil }
        return .ok(
            subject,
            "another program has written the file since Keybell made its copy of it, \(kept.path), of \(Moment.text(UInt64(clamping: kept.time))); what the file lacks of what was saved until then, the next unlock puts there if its key is still the same"
        )
    }

    /// What is found of the vault's own files, and the content of its file, where nothing is wrong with that.
    func findings(opening: Bool) async -> (findings: [Finding], file: [UInt8]?) {
        guard let path = vault.path else { return ([], nil) }
        switch await TimedLook.result({ look(at: path) }) {
        case nil: return ([TimedLook.tooLong(subject, at: files)], nil)
        case .faulty(let fault): return ([fault], nil)
        case .sound(let file, let key, let hindrance):
            return ([await finding(path, file, key, opening: opening)] + hindrance, file)
        }
    }

    private func finding(
        _ path: String,
        _ file: [UInt8],
        _ key: [UInt8]?,
        opening: Bool
    ) async -> Finding {
        guard opening else { return ok(path) }
        if let command = vault.passwordCommand {
            return await open(path, file, keyFile: key, command: command)
        }
        guard let password = vault.password else { return ok(path) }
        return open(path, file, keyFile: key, with: password)
    }

    /// What can be told of the vault's files without its password.
    private enum Look {
        case faulty(Finding)
        case sound(file: [UInt8], key: [UInt8]?, hindrance: [Finding])
    }

    private func look(at path: String) -> Look {
        let file: (bytes: [UInt8]?, fault: Finding?) = read(path, Self.longest, as: "the file")
        if let fault = file.fault { return .faulty(fault) }
        let bytes = file.bytes ?? []
        if let fault = faultOfFile(bytes, path) { return .faulty(fault) }
        var keyBytes: [UInt8]?
        if let keyFile = vault.keyFile {
            let key = read(keyFile, Self.longestKeyFile, as: "the key file")
            if let fault = key.fault ?? faultOfKeyFile(key.bytes ?? [], keyFile, file: bytes) {
                return .faulty(fault)
            }
            keyBytes = key.bytes
        }
        if let fault = faultOfCommand() { return .faulty(fault) }
        let hindrance = VaultWritability.hindrance(path, size: bytes.count).map { [warning(of: $0, path)] }
        return .sound(file: bytes, key: keyBytes, hindrance: (hindrance ?? []) + unwatched(path))
    }

    private func warning(of hindrance: VaultWritability.Hindrance, _ path: String) -> Finding {
        let name = ShellWord.quoting(path)
        let (text, advice): (String, String) =
            switch hindrance {
            case .mode:
                (
                    "it may not be written",
                    "If it is to be: `chmod u+w \(name)`; see whose it is with `ls -l \(name)`."
                )
            case .readOnly: ("its disk can only be read", "If it is to be: mount that disk for writing.")
            case .full: ("its disk is full", "Make room: `df -h \(name)` shows how much is left.")
            }
        return .warning(subject, "nothing can be saved into \(path): \(text)", do: advice)
    }

    private func ok(_ path: String) -> Finding {
        let key = vault.keyFile == nil ? "" : ", its key file can be read"
        let opener = vault.passwordCommand == nil ? vault.password?.words : "its password_command"
        let more = opener.map { "; `keybell doctor --open` also tries \($0)" } ?? ""
        // What is wrong further on only an unlock finds, which leaves it to this to name it.
        let backup = newestBackup(of: path).map { "; its backup is \($0.path)" } ?? ""
        return .ok(subject, "\(path) is a KeePass file" + key + more + backup)
    }

    // MARK: - Files

    private func read(_ path: String, _ limit: Int, as thing: String) -> (bytes: [UInt8]?, fault: Finding?) {
        do throws(SystemCallError) {
            return (try FileBytes.read(FileBytes.resolved(path), limit: limit), nil)
        } catch {
            return (nil, fault(of: error, path, thing))
        }
    }

    private func fault(of error: SystemCallError, _ path: String, _ thing: String) -> Finding {
        let key = thing == "the file" ? "path" : "key_file"
        switch error.code {
        case ENOENT, ENOTDIR:
            let kept = key == "path" ? backup(of: path).map { " \($0)" } : nil
            return .failure(
                subject,
                "\(thing) \(path) isn't there",
                do:
                    "Mount the disk or wait for the synchronisation that it is on, or correct `\(key)` in its [[vault]]."
                    + (kept ?? "")
            )
        case EACCES, EPERM:
            return .failure(
                subject,
                "\(thing) \(path) may not be read",
                do:
                    "See whose it is with `ls -l \(ShellWord.quoting(path))`; it must be readable for you, and so its folders."
            )
        case EISDIR, EINVAL:
            return .failure(
                subject,
                "\(thing) \(path) is a folder, or something else that is no file",
                do: "Name the file itself as `\(key)` in its [[vault]]."
            )
        default:
            return .failure(
                subject,
                "\(thing) \(path) can't be read (\(error))",
                do: "See whether another program can open it; if not, fetch it from a backup."
            )
        }
    }

    private func faultOfFile(_ bytes: [UInt8], _ path: String) -> Finding? {
        guard !bytes.isEmpty else {
            return .failure(
                subject,
                "\(path) is empty",
                do: backup(of: path) ?? "Fetch it from a backup, or make one in KeePassXC."
            )
        }
        do throws(KDBXError) {
            try LockedFile(parsing: bytes).checkLength()
            return nil
        } catch {
            return .failure(
                subject,
                "\(path) can't be opened: \(error.words(limits))",
                do: cure(error, path)
            )
        }
    }

    func cure(_ error: KDBXError, _ path: String) -> String {
        switch error {
        case .notKDBX:
            "Correct `path` in its [[vault]]: it must name a .kdbx file."
                + (backup(of: path).map { " Or if it was one: \($0)" } ?? "")
        default: error.cure ?? backup(of: path) ?? "Fetch it from a backup; Keybell has made none."
        }
    }

    /// What to do with the former content that Keybell has kept; nil if it has kept none.
    private func backup(of path: String) -> String? {
        guard let newest = newestBackup(of: path) else { return nil }
        let command = "`cp \(ShellWord.quoting(newest.path)) \(ShellWord.quoting(path))`"
        return
            "Keybell has kept its content of \(Moment.text(UInt64(clamping: newest.time))): fetch it with \(command)."
    }

    private func newestBackup(of path: String) -> KDBXBackup? {
        KDBXBackup.found(of: path, state: state).first
    }

    private func faultOfKeyFile(_ bytes: [UInt8], _ path: String, file: [UInt8]) -> Finding? {
        guard bytes != file else {
            return .failure(
                subject,
                "its key file is the vault's own file",
                do: "Name the key file that it was made with as `key_file`, or leave `key_file` out."
            )
        }
        do throws(KDBXError) {
            _ = try CompositeKey(password: nil, keyFile: bytes)
            return nil
        } catch {
            return .failure(
                subject,
                "\(path): \(error.words(limits))",
                do: "Fetch the key file from a backup: KeePass makes no new one that opens the same vault."
            )
        }
    }

    // MARK: - Password

    private func faultOfCommand() -> Finding? {
        guard let program = vault.passwordCommand?.first else { return nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        guard let file = ProgramSearch.find(program, path: path),
            FileManager.default.isExecutableFile(atPath: file)
        else {
            return .failure(
                subject,
                "its password_command \(PlainText.name(program)) isn't there or can't be run",
                do:
                    "Install it, or write its whole path into password_command; the daemon may have another PATH than you."
            )
        }
        return nil
    }
}
