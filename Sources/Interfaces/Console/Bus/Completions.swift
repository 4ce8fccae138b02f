// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import ConcurrencyTools
import DBus
import DisplayText

/// What a shell offers at its completion key: what the running daemon knows, and nothing without one.
enum Completions {
    /// Codes of requests that wait.
    static let codes = CompletionKind.custom { _, _, _ in
        await ask { daemon in try await daemon.requests(starts: false).map(\.code) }
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
    private static let patience = Duration.seconds(3)

    /// The word behind `forget`.
    static func client(in words: [String]) -> String? {
        words.firstIndex(of: "forget").flatMap { words.dropFirst($0 + 1).first { !$0.hasPrefix("-") } }
    }

    private static func ask(
        _ question: @escaping @Sendable (DaemonBus) async throws -> [String]
    ) async -> [String] {
        // A shell is told nothing but words: no bus, no daemon, no answer are no words.
        let words = try? await withDeadline(patience) { try await question(try await DaemonBus.connect()) }
        return (words ?? []).filter { !$0.isEmpty }
    }
}
