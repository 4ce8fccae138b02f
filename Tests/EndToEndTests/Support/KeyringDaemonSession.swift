// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport

/// A session with the daemon whose keyring is one of the real providers, on a screen that a person uses.
struct KeyringDaemonSession: Sendable {
    let keyring: ProviderSession
    let session: DaemonSession

    init(
        _ kind: KeyringKind,
        configuration: String = "",
        confirming: Bool = false,
        content: String = ""
    ) async throws {
        keyring = try await ProviderSession(kind, confirming: confirming, content: content)
        session = try await DaemonSession(configuration, on: keyring.bus)
    }

    /// The items of a schema as `secret-tool` lists them, one text each; of an open collection only.
    func items(_ schema: String) async throws -> [String] {
        let report = try await keyring.secretTool("search", "--all", "xdg:schema", schema)
        // The secrets stand in the output, the attributes on the error stream.
        return report.output.components(separatedBy: "\n[/").filter { $0.contains("label = ") }
    }

    /// What `secret-tool` prints of a client's key; nil if it finds none.
    func key(of id: String) async throws -> String? {
        let report = try await keyring.secretTool("lookup", "xdg:schema", "org.keybell.ClientKey", "id", id)
        return report.status == 0 ? report.output : nil
    }

    /// Sends a request that must be answered within some seconds, whatever the keyring does.
    func send(
        _ client: ClientProgram,
        _ type: RequestType = .getLoginsCount,
        _ fields: [(name: String, value: String)] = [("Url", "https://example.org/")],
        triggerUnlock: Bool = false,
        within seconds: Int = 10
    ) async throws -> HTTPReply {
        try await session.send(
            try client.body(type, fields, triggerUnlock: triggerUnlock),
            options: ["-m", "\(seconds)"]
        )
    }

    /// Asks until the daemon serves, which it does as soon as it has heard of what happened.
    func serves(_ client: ClientProgram) async throws -> HTTPReply {
        try await send(client, until: 200)
    }

    /// Asks until the daemon refuses, as soon as it has heard that the keyring is locked.
    func refuses(_ client: ClientProgram) async throws -> HTTPReply {
        try await send(client, until: 503)
    }

    private func send(_ client: ClientProgram, until status: Int) async throws -> HTTPReply {
        var reply = try await send(client)
        for _ in 0..<100 where reply.status != status {
            try await Task.sleep(for: .milliseconds(50))
            reply = try await send(client)
        }
        return reply
    }
}
