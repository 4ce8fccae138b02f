// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser
import BusInterface
import ConcurrencyTools
import DBus
import DisplayText
import SecretService

/// What a shell offers at its completion key: what the running daemon knows, and nothing without one.
enum Completions {
    /// Codes of requests that wait.
    static let codes = CompletionKind.custom { _, _, _ in
        await ask { daemon in try await daemon.requests(starts: false).map(\.code) }
    }
    /// The logins of the waiting request whose code was typed before: by number, and by title.
    static let entries = CompletionKind.custom { words, _, _ in
        await ask { daemon in
            guard let request = request(in: words, of: try await daemon.requests(starts: false)) else {
                return []
            }
            let entries = try await daemon.entries(of: request)
            return entries.indices.map { String($0 + 1) } + entries.map(\.title)
        }
    }
    /// Programs that are muted, and the codes of the denials that muted them.
    static let muted = CompletionKind.custom { _, _, _ in
        await ask { daemon in
            mutes(among: try await daemon.recentRequests(starts: false), now: Moment.now())
        }
    }
    /// Ids of clients whose keys `keybell client` has itself.
    static let ownClients = CompletionKind.custom { words, _, _ in
        await ask { daemon in
            let serving = try ServingSettings.find(nil, await daemon.configuration().details)
            let keys = OwnKeys(
                keyring: .quiet(daemon.bus, collection: serving.collection),
                server: OwnKeys.server(port: serving.port)
            )
            let own = Set(try await keys.items().compactMap { $0.attributes["id"] })
            // A key that has been revoked is of no use but for a new associate.
            let known = try await daemon.clients(starts: false).map { $0.cleanText(ClientsInterface.Key.id) }
            return own.sorted { (known.contains($0) ? 0 : 1, $0) < (known.contains($1) ? 0 : 1, $1) }
        }
    }
    /// Ids of clients.
    static let clients = CompletionKind.custom { _, _, _ in
        await ask { daemon in
            try await daemon.clients(starts: false).map { $0.cleanText(ClientsInterface.Key.id) }
        }
    }
    /// Names of vaults.
    static let vaults = CompletionKind.custom { _, _, _ in
        await ask { daemon in
            try await daemon.vaults(starts: false).map { $0.cleanText(VaultsInterface.Key.name) }
        }
    }
    /// Handles of the grants of the client that was typed before.
    static let grants = CompletionKind.custom { words, _, _ in
        guard let client = client(in: words) else { return [] }
        return await ask { daemon in
            let answer = try await daemon.call(
                ClientsInterface.description,
                ClientsInterface.grants,
                [.string(client)],
                starts: false
            )
            return dictionaries(answer).map { $0.cleanText(ClientsInterface.GrantKey.key) }
        }
    }

    /// Who presses the key doesn't wait long.
    private static let timeout = Duration.seconds(3)

    /// The word behind `forget`.
    static func client(in words: [String]) -> String? {
        words.firstIndex(of: "forget").flatMap { words.dropFirst($0 + 1).first { !$0.hasPrefix("-") } }
    }

    /// The request whose code stands among the words.
    static func request(in words: [String], of waiting: [RequestDetails]) -> RequestDetails? {
        let codes = words.compactMap { RequestCode.normalized($0) }
        return waiting.first { codes.contains($0.code) }
    }

    /// What ends the mutes that last.
    static func mutes(among recent: [RequestDetails], now: UInt64) -> [String] {
        let muting = recent.filter { ($0.mutedUntil ?? 0) > now }
        return muting.map(\.code) + muting.flatMap(\.muted)
    }

    private static func ask(
        _ question: @escaping @Sendable (DaemonBus) async throws -> [String]
    ) async -> [String] {
        do {
            let words = try await withDeadline(timeout) { try await question(try await DaemonBus.connect()) }
            return words.filter(isPlain)
        } catch {
            // A shell is told nothing but words: no bus, no daemon, no answer are no words.
            return []
        }
    }

    /// Whether a word is itself to bash, zsh and fish, wherever they put it.
    ///
    /// Bash's script hands what it is given to `compgen -W`, which runs what looks like a command in it, and the word goes
    /// into the command line as it is. Programs choose their Ids, so that any other word is left for the person to type.
    static func isPlain(_ word: String) -> Bool {
        guard let first = word.unicodeScalars.first, first != "-" else { return false }
        return word.unicodeScalars.allSatisfy { scalar in
            guard !scalar.isASCII else {
                return asciiLetters.contains(scalar) || "._-+@/,".unicodeScalars.contains(scalar)
            }
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                .nonspacingMark, .spacingMark, .decimalNumber:
                return true
            default: return false
            }
        }
    }

    private static let asciiLetters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".unicodeScalars
    )
}
