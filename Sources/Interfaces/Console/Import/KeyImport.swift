// SPDX-License-Identifier: Apache-2.0

import Clients
import DisplayText
import KeePassHTTP
import SecretService

/// What becomes of the plugin's keys in the keyring.
struct KeyImport: Sendable {
    /// How it went with one key.
    enum Outcome: String, Sendable {
        /// It is in the keyring now.
        case imported
        /// It is in the keyring now, in place of another key of that Id.
        case replaced
        /// It was there already.
        case present
        /// Another key has that Id, and stays.
        case taken
        /// It isn't a key, or its Id can't be one here.
        case unusable
    }

    /// A key and what became of it.
    struct Line: Equatable, Sendable {
        let id: String
        let fingerprint: String?
        let outcome: Outcome
    }

    /// One for each key, in the order of the file.
    let lines: [Line]

    /// Stores keys as the daemon does when the person allows an association.
    ///
    /// Which program a key belongs to isn't known, so the person is asked about its first reads: what was granted to a
    /// key that no client has any longer, or that is replaced, is forgotten.
    ///
    /// - Parameters:
    ///   - keys: What was found in the file.
    ///   - keyring: Where the clients' keys are; nobody is asked to open it.
    ///   - overwrites: Whether a key replaces another one of its Id.
    ///   - stored: Told of each key that is stored, as soon as it is.
    /// - Throws: What the keyring says; the error says what was imported before that.
    init(
        _ keys: PluginKeys,
        into keyring: Keyring,
        overwrites: Bool,
        stored: (_ id: String) -> Void = { _ in }
    ) async throws(ConsoleError) {
        let registry = ClientRegistry(keyring: keyring, logger: .silent)
        let grants = GrantRegistry(keyring: keyring, logger: .silent)
        var lines: [Line] = []
        for field in keys.fields {
            let outcome: Outcome
            do throws(ClientError) {
                outcome = try await Self.store(field, keys.hash, registry, grants, overwrites)
            } catch {
                let done =
                    lines.isEmpty ? "" : " What came before \(PlainText.cleaned(field.id)) is imported."
                throw .refused(Self.advice(error) + done)
            }
            if outcome == .imported || outcome == .replaced { stored(field.id) }
            lines.append(Line(id: field.id, fingerprint: field.key?.fingerprint, outcome: outcome))
        }
        self.lines = lines
    }

    private static func advice(_ error: ClientError) -> String {
        guard error == .keyring(.locked) else { return error.advice }
        return "Your keyring is locked: run this again, and answer its prompt, which asks for its password."
    }

    private static func store(
        _ field: PluginKeys.Field,
        _ hash: String,
        _ registry: ClientRegistry,
        _ grants: GrantRegistry,
        _ overwrites: Bool
    ) async throws(ClientError) -> Outcome {
        guard let key = field.key, PlainName(field.id) != nil else {
            return .unusable
        }
        let former = try await registry.client(withID: field.id)?.fingerprint
        guard former != key.fingerprint else { return .present }
        guard former == nil || overwrites else { return .taken }
        do throws(ClientError) {
            try await registry.register(
                id: field.id,
                key: key,
                program: "",
                origin: nil,
                database: hash,
                replacing: former,
                forgettingGrants: { (fingerprint: String) async throws(ClientError) in
                    try await grants.forget(fingerprint: fingerprint)
                }
            )
        } catch .badName {
            return .unusable
        } catch .taken {
            return .taken
        } catch {
            throw error
        }
        return former == nil ? .imported : .replaced
    }

    // MARK: - What is reported

    /// Whether a usable key was left out.
    var isIncomplete: Bool { lines.contains { $0.outcome == .taken } }

    /// Aligned lines for a person.
    var text: [String] {
        Columns.lines(
            lines.map { [PlainText.cleaned($0.id), $0.fingerprint ?? "", Self.words($0)] }
        )
    }

    /// The same for a script.
    var json: JSON {
        .array(
            lines.map { line in
                .object([
                    ("id", .string(line.id)),
                    ("fingerprint", line.fingerprint.map { .string($0) } ?? .null),
                    ("outcome", .string(line.outcome.rawValue)),
                ])
            }
        )
    }

    /// A key that works mustn't be lost for its name, however that looks.
    private static func words(_ line: Line) -> String {
        let isIn = line.outcome != .unusable && line.outcome != .taken
        let isDoubtful = PlainName(line.id)?.mayBeMistaken ?? false
        return words(line.outcome)
            + (isIn && isDoubtful
                ? "; its name may be taken for another (`keybell rename` gives it one to be shown)" : "")
    }

    private static func words(_ outcome: Outcome) -> String {
        switch outcome {
        case .imported: "imported"
        case .replaced: "imported, in place of another key of this Id"
        case .present: "was there already"
        case .taken: "left out: another key has this Id (--overwrite replaces it)"
        case .unusable: "left out: no usable key or Id (connect that client anew)"
        }
    }
}
