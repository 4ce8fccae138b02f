// SPDX-License-Identifier: Apache-2.0

import Approval
import Foundation
import KDBX
import KeePassHTTP
import Logging
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultStores

@testable import Operations

/// How long what is told before an allow takes over the real stores, with a right guess and with a wrong one.
///
/// To be run by hand (`KEYBELL_TIMING=1`): a busy machine would break it. `OracleTests` compares the work that is done.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["KEYBELL_TIMING"] != nil), .serialized)
struct OracleTimingTests {
    enum Store: String, CaseIterable { case memory, kdbx, keyring }
    enum Guess: String, CaseIterable { case search, expression, runaway, password, field }

    private static let rounds = 200
    private static let others = 50
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A request handler over a vault with one login whose secrets are known, or are others.
    private struct Place {
        let fixture: OperationsFixture
        let handler: RequestHandler
        let id: LoginID
        /// What the vault needs to be there.
        let kept: [any Sendable]
    }

    private static func place(_ store: Store, _ password: String) async throws -> Place {
        var limits = ApprovalLimits()
        // So that the answer comes at once, and nobody has to be there.
        (limits.total, limits.waitingTotal) = (0, 0)
        let fixture = await OperationsFixture(limits: limits)
        let (vault, kept) = try await vault(store, fixture)
        var id = LoginID.random()
        for number in 0...others {
            let isBank = number == others
            let secret = SecretBytes(utf8: isBank ? password : "other \(number)")
            id = try await vault.save(
                LoginDraft(
                    username: "me",
                    password: secret,
                    url: isBank ? "https://bank.example/" : "https://x\(number).example/",
                    title: isBank ? "Bank" : "x\(number)",
                    fields: ["Pin": secret]
                )
            )
        }
        let handler = RequestHandler(
            vaults: VaultSet([vault]),
            clients: fixture.clients,
            grants: fixture.grants,
            approvals: fixture.approvals,
            policy: Policy(),
            logger: quiet,
            now: { OperationsFixture.now }
        )
        return Place(fixture: fixture, handler: handler, id: id, kept: kept)
    }

    private static func vault(
        _ store: Store,
        _ fixture: OperationsFixture
    ) async throws -> (any VaultStore, [any Sendable]) {
        switch store {
        case .memory: return (fixture.vault, [])
        case .kdbx:
            let folder = try TemporaryFolder()
            let layout = Layout(keyDerivation: .aes(rounds: 10))
            let database = Database(new: "Vault", layout, at: Timestamp(unix: OperationsFixture.now))
            let key = try CompositeKey(password: SecretBytes(utf8: "x"))
            try Data(database.written(key: key).file).write(to: URL(filePath: folder.path("vault.kdbx")))
            let store = KDBXStore(
                name: "test",
                path: folder.path("vault.kdbx"),
                passwords: OnePassword(),
                state: folder.path("state"),
                logger: quiet
            )
            try await store.unlock(for: UnlockReason())
            return (store, [folder])
        case .keyring:
            let session = try await KeyringSession()
            let keyring = Keyring(
                bus: try await session.bus.connect(),
                address: session.bus.address,
                deadline: .seconds(20),
                logger: quiet
            )
            let state = session.bus.folder.path("state/keybell")
            return (KeyringStore(name: "keyring", keyring: keyring, state: state, logger: quiet), [session])
        }
    }

    @Test(arguments: Store.allCases, Guess.allCases)
    func `a right guess takes as long as a wrong one`(store: Store, guess: Guess) async throws {
        let places = (try await Self.place(store, "Tr0ub4dor"), try await Self.place(store, "n0thing-el"))
        var times: ([Duration], [Duration]) = ([], [])
        for round in 0..<Self.rounds * 2 {
            let isRight = round.isMultiple(of: 2)
            let place = isRight ? places.0 : places.1
            let client = place.fixture.client
            let body = try Self.body(guess, client, place.id)
            let start = ContinuousClock.now
            let answer = await place.handler.answer(body, from: KnownRequester(known: client.caller))
            let time = ContinuousClock.now - start
            #expect(String(decoding: answer.body, as: UTF8.self).contains("Too many"))
            if isRight { times.0.append(time) } else { times.1.append(time) }
        }
        let medians = (times.0.sorted()[Self.rounds / 2], times.1.sorted()[Self.rounds / 2])
        let ratio = medians.0 / medians.1
        print("\(store), \(guess): \(medians.0) by \(medians.1), ratio \(ratio)")
        #expect((0.8...1.25).contains(ratio))
        withExtendedLifetime(places) {}
    }

    private static func body(_ guess: Guess, _ client: TestClient, _ id: LoginID) throws -> [UInt8] {
        let text: String
        switch guess {
        case .password: return try client.request(.setLogin, ["Uuid": id.hex, "Password": "Tr0ub4dor"])
        case .field:
            let pin = [(key: "Pin", value: Optional("Tr0ub4dor"))]
            return try client.request(.setLogin, ["Uuid": id.hex, "Login": "me"], stringFields: pin)
        case .search: text = "Tr0ub4dor"
        case .expression: text = "^Tr0"
        case .runaway: text = "^Tr0(?:(?:[a-z0-9]+)+)+!$"
        }
        var request = try WireRequest(
            "get-logins-custom-search",
            id: client.id,
            key: client.key,
            ["SearchString": text]
        )
        request["SearchInPasswords"] = "true"
        request["SearchMode"] = guess == .search ? "\"1\"" : "\"2\""
        return request.bytes
    }
}

private struct OnePassword: VaultPasswords {
    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        SecretBytes(utf8: "x")
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? { nil }

    func opened(with password: SecretBytes?) async {}
}
