// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport

/// A session with the daemon whose keyring is one of the real providers, on a screen that a person uses.
struct KeyringHousehold: Sendable {
    let session: ProviderSession
    let household: Household

    init(_ kind: KeyringKind, configuration: String = "", confirming: Bool = false) async throws {
        session = try await ProviderSession(kind, confirming: confirming)
        household = try await Household(configuration, on: session.bus)
    }

    /// The items of a schema as `secret-tool` lists them, one text each; of an open collection only.
    func items(_ schema: String) async throws -> [String] {
        let report = try await session.secretTool("search", "--all", "xdg:schema", schema)
        // The secrets stand in the output, the attributes on the error stream.
        return report.output.components(separatedBy: "\n[/").filter { $0.contains("label = ") }
    }

    /// What `secret-tool` prints of a client's key; nil if it finds none.
    func key(of id: String) async throws -> String? {
        let report = try await session.secretTool("lookup", "xdg:schema", "org.keybell.ClientKey", "id", id)
        return report.status == 0 ? report.output : nil
    }

    /// Sends a request that must be answered within some seconds, whatever the keyring does.
    func ring(
        _ guest: Guest,
        _ type: RequestType = .getLoginsCount,
        _ fields: [(name: String, value: String)] = [("Url", "https://example.org/")],
        triggerUnlock: Bool = false,
        within seconds: Int = 10
    ) async throws -> HTTPReply {
        try await household.ring(
            try guest.body(type, fields, triggerUnlock: triggerUnlock),
            options: ["-m", "\(seconds)"]
        )
    }

    /// Asks until the daemon serves, which it does as soon as it has heard of what happened.
    func serves(_ guest: Guest) async throws -> HTTPReply {
        try await ring(guest, until: 200)
    }

    /// Asks until the daemon refuses, as soon as it has heard that the keyring is locked.
    func refuses(_ guest: Guest) async throws -> HTTPReply {
        try await ring(guest, until: 503)
    }

    private func ring(_ guest: Guest, until status: Int) async throws -> HTTPReply {
        var reply = try await ring(guest)
        for _ in 0..<100 where reply.status != status {
            try await Task.sleep(for: .milliseconds(50))
            reply = try await ring(guest)
        }
        return reply
    }
}
