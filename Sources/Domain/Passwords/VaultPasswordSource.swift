// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import Linux
package import Logging
package import SecretService
package import SecureMemory
package import Vault

/// Where one vault's password comes from: its command, or the keyring, or the person.
package actor VaultPasswordSource: MainLoopActor, VaultPasswords {
    /// What the configuration says about it.
    package struct Options: Sendable {
        /// A program and its arguments that print the password; with one, nobody else is asked.
        package var command: [String]?
        /// What opens the file without asking anybody; nil for a password.
        package var fixed: Fixed?
        /// The key file that belongs to the password, or may open the file alone.
        package var keyFile: String?
        /// Whether a password that the person has typed is remembered in the keyring.
        package var remembers = false
        /// The program that asks the person.
        package var pinentry = Pinentry()
        /// How often the person is asked.
        package var tries = 3
        /// How long the command may take.
        package var commandDeadline = Duration.seconds(60)
        /// What the command gets in addition to our own variables.
        package var environment: [String: String] = [:]

        var hasKeyFile: Bool { keyFile != nil }

        /// The person is asked, three times, and nothing is remembered.
        package init() {}
    }

    /// A key that needs no secret from anywhere.
    package enum Fixed: Sendable {
        /// The key file alone.
        case none
        /// The empty password, with the key file if there is one.
        case empty
    }

    private enum Origin { case fixed, command, keyring, keyFile, person }

    private let vault: String
    private let path: String
    private let options: Options
    private let remembered: RememberedPassword
    private let keyring: Keyring
    private let logger: Logger

    /// Where the last password came from.
    private var origin: Origin?
    /// How often the person has been asked since the unlocking began.
    private var asked = 0
    /// Why the person could last not be asked on the session's display, since there was none.
    private var nowhere: String?
    /// Whether a typed password could be remembered now: the configuration wants it, and the keyring is open.
    private var canRemember = false
    /// What may be wrong with what the command printed last.
    private var suspicion: String?
    /// Whether the key file alone was tried and a password opened the file: it needn't be tried each time.
    private let needsPassword: CurrentValue<Bool>

    /// Describes where a vault's password comes from; nothing is asked yet.
    ///
    /// - Parameters:
    ///   - vault: The vault's name, as the person knows it.
    ///   - path: Its file, absolute: what a remembered password is found by.
    ///   - options: What the configuration says.
    ///   - keyring: Where passwords are remembered.
    ///   - logger: Where trouble goes; never a password.
    package init(vault: String, path: String, options: Options, keyring: Keyring, logger: Logger) {
        self.init(vault, path, options, keyring, logger, needsPassword: CurrentValue(false))
    }

    private init(
        _ vault: String,
        _ path: String,
        _ options: Options,
        _ keyring: Keyring,
        _ logger: Logger,
        needsPassword: CurrentValue<Bool>
    ) {
        self.vault = vault
        self.path = path
        self.options = options
        self.keyring = keyring
        self.logger = logger
        self.needsPassword = needsPassword
        remembered = RememberedPassword(vault: vault, path: path, keyring: keyring)
    }

    /// The source of the same vault's password where the configuration says something else about it.
    ///
    /// What was found out about the key file still holds. An unlock that this one has been asked for goes on as it began.
    package nonisolated func under(_ options: Options) -> VaultPasswordSource {
        let needsPassword = options.keyFile == self.options.keyFile ? needsPassword : CurrentValue(false)
        return VaultPasswordSource(vault, path, options, keyring, logger, needsPassword: needsPassword)
    }

    /// The next password to try.
    ///
    /// - Parameters:
    ///   - attempt: Which one this is, counted from 1; the next follows one that didn't open the vault.
    ///   - reason: For whom it is unlocked.
    /// - Returns: The password, perhaps empty; nil for the key file alone.
    /// - Throws: `notUnlocked` if the person declines or the tries are used up, `unavailable` or
    ///   `passwordUnavailable` with what to do.
    package func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        if attempt <= 1 { (origin, asked, canRemember) = (nil, 0, false) }
        if let fixed = options.fixed { return try key(fixed) }
        if let command = options.command { return try await password(from: command, for: reason) }
        let former = origin
        if former == nil, options.remembers {
            canRemember = await openKeyring(for: reason)
            if let password = await recalled(for: reason) {
                origin = .keyring
                return password
            }
        }
        if former == nil, options.hasKeyFile, !needsPassword.value {
            origin = .keyFile
            return nil
        }
        guard !reason.isGivenUp else { throw .notUnlocked(.cancelled) }
        guard asked < options.tries else {
            throw .notUnlocked(options.hasKeyFile ? .wrongPasswordOrKeyFile : .wrongPassword)
        }
        asked += 1
        origin = .person
        let usesDisplay = reason.terminal?.hasDisplay ?? true
        do throws(VaultError) {
            let typed = try await options.pinentry.password(
                title: "Unlock \(PlainText.field(vault, limit: PlainText.nameLimit))",
                text: question(reason),
                error: complaint(about: former),
                for: reason
            )
            if usesDisplay { nowhere = nil }
            return typed
        } catch .unavailable(let why) {
            // Where the keyring is locked, the next time the password may come from there.
            if usesDisplay, !options.remembers || canRemember { nowhere = why }
            throw .unavailable(why)
        } catch .passwordUnavailable(let why) {
            // A person who can't be asked doesn't see the complaint either.
            throw .passwordUnavailable((failure(of: former) ?? "") + why)
        }
    }

    /// Why the person can't be asked, where nothing but their answer would open the vault.
    package func obstacle() async -> String? {
        guard options.fixed == nil, options.command == nil else { return nil }
        if let nowhere { return nowhere }
        guard !options.remembers, !options.hasKeyFile || needsPassword.value else { return nil }
        do {
            return try await withDeadline(Self.longestLook) { [options] in
                await Self.looks { options.pinentry.obstacle() }
            }
        } catch {
            // A disk that takes so long says nothing against it.
            return nil
        }
    }

    private static let looks = BlockingWork(label: "org.keybell.pinentry")
    private static let longestLook = Duration.seconds(2)

    /// Asks the person for a password that the vault had before, whatever opens it now.
    package func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? {
        guard attempt <= options.tries, !reason.isGivenUp else { return nil }
        let name = PlainText.quoted(vault, limit: PlainText.nameLimit)
        do throws(VaultError) {
            return try await options.pinentry.password(
                title: "Former password of \(PlainText.field(vault, limit: PlainText.nameLimit))",
                text:
                    "The vault \(name) is open. What was saved when it had another password is kept under that one, and goes into the file with it.\nFormer password of the vault \(name)",
                error: attempt > 1 ? "It opens none of that, try \(attempt) of \(options.tries)" : nil,
                for: reason
            )
        } catch {
            // It stays where it is kept, which `status` says.
            return nil
        }
    }

    /// Remembers a password that the person has typed, if the configuration says so and the keyring is open.
    package func opened(with password: SecretBytes?) async {
        defer { (origin, asked, canRemember) = (nil, 0, false) }
        if origin == .person { needsPassword.replace(with: true) }
        guard let password, options.remembers, origin == .person else { return }
        do throws(KeyringError) {
            try await remembered.keep(password)
        } catch {
            logger.warning(
                "A vault's password could not be remembered",
                metadata: ["vault": "\(vault)", "reason": "\(error)"]
            )
        }
    }

    // MARK: - The three places

    private func key(_ fixed: Fixed) throws(VaultError) -> SecretBytes? {
        let name = PlainText.field(vault, limit: PlainText.nameLimit)
        guard origin == nil else {
            throw .unavailable(fixed.failure(opening: name, hasKeyFile: options.hasKeyFile))
        }
        origin = .fixed
        return fixed == .none ? nil : SecretBytes(utf8: "")
    }

    private func password(
        from command: [String],
        for reason: UnlockReason
    ) async throws(VaultError) -> SecretBytes {
        guard origin != .command else {
            throw .passwordUnavailable(
                "password_command printed a password that does not open \(PlainText.field(vault, limit: PlainText.nameLimit)); "
                    + (suspicion ?? "correct what it prints, or take it out of the configuration to be asked.")
                    + (options.hasKeyFile ? " Or key_file names another vault's key file." : "")
            )
        }
        origin = .command
        let password = try await PasswordCommand(
            arguments: command,
            environment: options.environment.merging(reason.terminal?.variables ?? [:]) { $1 },
            deadline: options.commandDeadline
        ).password(for: reason)
        suspicion = Self.suspicion(about: password)
        return password
    }

    /// What people overlook in a file that a password comes from; nil where nothing is odd.
    package static func suspicion(about password: SecretBytes) -> String? {
        let (first, last, hasZero) = password.withSpan { span in
            (
                (0..<min(3, span.count)).map { span[$0] }, span.isEmpty ? nil : span[span.count - 1],
                span.indices.contains { span[$0] == 0 }
            )
        }
        if first == [0xEF, 0xBB, 0xBF] || first.starts(with: [0xFF, 0xFE])
            || first.starts(with: [0xFE, 0xFF])
        {
            return
                "it begins with a byte order mark, as Windows programs write it: save the file as UTF-8 without one."
        }
        if hasZero {
            return
                "it has zero bytes in it, as text in UTF-16 has, which Windows programs write: save the file as UTF-8."
        }
        switch last {
        case UInt8(ascii: "\r"):
            return
                "its line ends with a carriage return, as lines end on Windows: convert the file, with `dos2unix` or `tr -d '\\r'`."
        case 0x20, 0x09: return "it ends with a blank: is that part of the password?"
        default: return nil
        }
    }

    /// Whether the keyring is open; if it isn't, it asks the person: an unlock is their word for that, too.
    ///
    /// Not if they sit at a mere terminal, and would not see its prompt.
    private func openKeyring(for reason: UnlockReason) async -> Bool {
        guard reason.terminal?.hasDisplay ?? true else { return await remembered.isOpen() }
        let remembered = remembered
        let outcome = await reason.whileWanted {
            await Result { () async throws(KeyringError) in try await remembered.open() }
        }
        do throws(KeyringError) {
            guard let outcome else { return false }
            try outcome.get()
            return true
        } catch {
            logger.notice(
                "The keyring, where a vault's password is to be remembered, was not opened",
                metadata: ["vault": "\(vault)", "reason": "\(error)"]
            )
            return false
        }
    }

    /// The remembered password; a keyring that gives none is no reason not to ask the person.
    private func recalled(for reason: UnlockReason) async -> SecretBytes? {
        let remembered = remembered
        let outcome = await reason.whileWanted {
            await Result { () async throws(KeyringError) in try await remembered.recall() }
        }
        do throws(KeyringError) {
            return try outcome?.get()
        } catch {
            logger.info(
                "A vault's remembered password can't be read",
                metadata: ["vault": "\(vault)", "reason": "\(error)"]
            )
            return nil
        }
    }

    // MARK: - What the person reads

    private func question(_ reason: UnlockReason) -> String {
        let file =
            path.split(separator: "/").last.map { PlainText.field(String($0), limit: PlainText.nameLimit) }
            ?? ""
        var lines = ["Password of the vault \(PlainText.quoted(vault, limit: PlainText.nameLimit)) (\(file))"]
        if let asker = Self.asker(reason) { lines.append("Asked for by \(asker)") }
        if options.remembers {
            lines.append(
                canRemember
                    ? "It will be remembered in your keyring."
                    : "It can't be remembered: your keyring is locked. `keybell unlock keyring` opens it."
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func asker(_ reason: UnlockReason) -> String? {
        let client = reason.client.map { "the client \(PlainText.quoted($0, limit: PlainText.nameLimit))" }
        guard let program = reason.program, !program.isEmpty else { return client }
        return PlainText.field(program, limit: PlainText.nameLimit) + (client.map { " for \($0)" } ?? "")
    }

    /// What did not open the file, for a person who can't be asked; nil if nothing was tried that they could correct.
    private func failure(of former: Origin?) -> String? {
        let name = PlainText.field(vault, limit: PlainText.nameLimit)
        switch former {
        case .keyring:
            let keyFile = options.hasKeyFile ? ", or key_file names another vault's key file" : ""
            return
                "The password that your keyring remembers for \(name) doesn't open it\(keyFile), and you can't be asked for another: "
        case .keyFile:
            return "The key file alone doesn't open \(name), and you can't be asked for a password: "
        case .fixed, .command, .person, nil: return nil
        }
    }

    private func complaint(about former: Origin?) -> String? {
        let number = "try \(asked) of \(options.tries)"
        let keyFile = options.hasKeyFile ? " or key file" : ""
        switch former {
        case .person: return "Wrong password\(keyFile), \(number)"
        case .keyring: return "The remembered password\(keyFile) is wrong, \(number)"
        case .fixed, .command, .keyFile, nil: return nil
        }
    }
}

extension VaultPasswordSource.Fixed {
    /// What to say if this doesn't open a vault: with a key file, that may be the wrong one.
    fileprivate func failure(opening vault: String, hasKeyFile: Bool) -> String {
        switch self {
        case .none:
            "The key file alone does not open \(vault): key_file names another vault's, or it has a password, too; then "
                + "take password = \"none\" out of the configuration, or write \"empty\" if that password is an empty one."
        case .empty where hasKeyFile:
            "An empty password with the key file does not open \(vault): key_file names another vault's, or the password "
                + "isn't empty; then take password = \"empty\" out of the configuration to be asked."
        case .empty:
            "An empty password does not open \(vault); take password = \"empty\" out of the configuration to be asked."
        }
    }
}
