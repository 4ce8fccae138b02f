// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import BusService
import Clients
import ConcurrencyTools
import DBus
import Glibc
import Logging
import SecretService
import TestSupport
import Vault

@testable import Callers

/// Keybell's objects on a private bus, over a real approval broker and a fake vault.
struct ServiceFixture {
    let bus: PrivateBus
    let daemon: BusConnection
    let client: BusConnection
    let approvals: ApprovalBroker
    let grants: GrantRegistry
    let vault = FakeVault()
    let vaults: CurrentValue<[any VaultStore]>
    let configuration = FakeConfiguration()
    /// What a look at the calling process finds; nil for what is true.
    let seen = Observed<Answerer?>(nil)
    private let telling: Task<Void, Never>

    /// The keyring on the bus, if there is one; it ends when it is let go of.
    let session: KeyringSession?

    init(
        on session: KeyringSession? = nil,
        behind provider: RefusingProvider? = nil,
        mostMatchRules: Int? = nil,
        others: [FakeVault] = [],
        closed: [FakeVault] = [],
        settling: Duration = .seconds(60),
        areMutesKept: Bool = true,
        audit: @escaping BatchRecorder = { _ in }
    ) async throws {
        self.session = session
        vaults = CurrentValue([vault] + others)
        let bus =
            if let bus = provider?.bus ?? session?.bus { bus } else {
                try await PrivateBus(mostMatchRules: mostMatchRules)
            }
        self.bus = bus
        daemon = try await bus.connect()
        client = try await bus.connect()
        approvals = ApprovalBroker(
            watchProcess: { _, _ in "watched" },
            areMutesKept: { _ in areMutesKept }
        )
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keyring = Keyring(
            bus: try await bus.connect(),
            address: bus.address,
            deadline: .seconds(20),
            logger: logger
        )
        let seen = seen
        grants = GrantRegistry(keyring: keyring, folder: bus.folder.path("state"), logger: logger)
        let objects = BusObjects(
            bus: daemon,
            calls: daemon,
            approvals: approvals,
            clients: ClientRegistry(
                keyring: keyring,
                folder: bus.folder.path("state"),
                logger: logger,
                now: { 1_700_000_000 }
            ),
            grants: grants,
            vaults: vaults,
            closed: { closed },
            configuration: configuration,
            logger: logger,
            audit: audit,
            settling: settling,
            read: { pid, uid in
                // On a busy machine, and without optimization, a look may take longer than one is given.
                let reader = ProcessReader(limits: ProcessReader.Limits(time: .seconds(60)))
                return seen.now ?? Answerer.read(pid: pid, uid: uid, by: reader)
            }
        )
        await objects.export()
        guard try await daemon.requestName(KeybellBus.name) else {
            throw TimedOut(description: "the bus name")
        }
        telling = Task { await objects.run() }
    }

    /// Calls a method of one of our interfaces.
    @discardableResult
    func call(
        _ method: BusMethod,
        of interface: BusInterfaceDescription = ApprovalInterface.description,
        _ arguments: [Value] = [],
        from connection: BusConnection? = nil
    ) async throws(DBusError) -> [Value] {
        try await (connection ?? client).call(
            KeybellBus.name,
            ObjectPath(interface.path) ?? "/",
            interface.name,
            method.name,
            arguments
        )
    }

    /// Asks, and returns once the request waits.
    func ask(_ request: ApprovalRequest) async throws -> (code: String, answer: Task<Answer, Never>) {
        let events = approvals.events()
        let answer = Task { await approvals.ask(request) }
        for await event in events {
            if case .added(let pending) = event { return (pending.code, answer) }
        }
        throw TimedOut(description: "the request")
    }

    /// The name of the error that a call ends with; nil if it succeeds.
    func errorName(_ call: () async throws(DBusError) -> Void) async -> String? {
        do throws(DBusError) {
            try await call()
            return nil
        } catch {
            return error.name
        }
    }
}

extension Caller {
    /// A program that asks and has nothing to do with these tests' process.
    static let git = Caller(
        uid: 1000,
        holders: [ProcessIdentity(pid: 4242, startTime: 7)],
        processes: [
            ProcessRecord(identity: ProcessIdentity(pid: 4242, startTime: 7), executable: "/usr/bin/git")
        ],
        origin: "moz-extension://1",
        userAgent: "git/2"
    )
}

extension ApprovalRequest {
    /// A request of each kind, with all that the kind can have.
    static func full(_ kind: ApprovalKind, caller: Caller = .git, entries: Int = 1) -> ApprovalRequest {
        let hasEntries = kind == .release || kind == .save
        var request = ApprovalRequest(
            kind: kind,
            caller: caller,
            questionDigest: [1],
            client: kind == .associate ? nil : "firefox",
            suggestedID: kind == .associate ? "git" : nil,
            fingerprint: kind == .associate || kind == .overwrite ? "3F:A2:00:00:00:00:00:01" : nil,
            vaults: kind == .associate || kind == .overwrite ? [] : ["keyring"],
            host: hasEntries ? "example.org" : nil,
            submitHost: hasEntries ? "login.example.org" : nil,
            newHosts: kind == .save ? ["example.org"] : [],
            entries: (0..<(hasEntries ? entries : 0)).map {
                EntryLine(uuid: "\($0)", title: "title \($0)", username: "user \($0)")
            },
            isNew: kind == .save,
            fields: kind == .save ? ["Password"] : []
        )
        request.requestType = hasEntries ? "get-logins-custom-search" : nil
        if kind == .release {
            request.search = "mail"
            request.places = ["titles"]
            request.fieldNames = ["PIN"]
        }
        return request
    }
}
