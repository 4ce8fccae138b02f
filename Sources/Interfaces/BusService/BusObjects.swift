// SPDX-License-Identifier: Apache-2.0

package import Approval
package import Audit
import BusInterface
package import Callers
package import Clients
package import ConcurrencyTools
package import DBus
package import Logging
package import Vault

/// Keybell's objects on the session bus.
package struct BusObjects: Sendable {
    private let bus: BusConnection
    private let calls: BusConnection
    private let approval: ApprovalObject
    private let clientsObject: ClientsObject
    private let vaultsObject: VaultsObject
    private let configurationObject: ConfigurationObject
    private let vaults: CurrentValue<[any VaultStore]>
    private let logger: Logger
    /// Opened before the first request can come, so that no signal is missed.
    private let approvalEvents: AsyncStream<ApprovalEvent>
    private let pendingCounts: AsyncStream<Int>
    private let clientChanges: AsyncStream<Void>
    private let grantChanges: AsyncStream<Void>
    private let configurationChanges: AsyncStream<Void>

    /// Prepares the objects; nothing is exported yet.
    ///
    /// - Parameters:
    ///   - bus: The session bus, as the objects are shown on it.
    ///   - calls: The session bus, as it is asked who calls them.
    ///   - approvals: What waits for the person.
    ///   - clients: Who is let in.
    ///   - grants: What they were granted.
    ///   - vaults: Where logins are kept now, in the configuration's order.
    ///   - closed: Those of former configurations that may still hold something.
    ///   - configuration: Whoever keeps the configuration.
    ///   - logger: Where it is told.
    ///   - audit: Keeps a record of what is done here.
    ///   - settling: How long a lock waits for disks: callers give up after ten seconds, and take the daemon for busy.
    ///   - read: How a process is looked at.
    package init(
        bus: BusConnection,
        calls: BusConnection,
        approvals: ApprovalBroker,
        clients: ClientRegistry,
        grants: GrantRegistry,
        vaults: CurrentValue<[any VaultStore]>,
        closed: @escaping @Sendable () -> [any VaultStore] = { [] },
        configuration: any ConfigurationService,
        logger: Logger,
        audit: @escaping BatchRecorder = { _ in },
        settling: Duration = .seconds(5),
        read: @escaping @Sendable (_ pid: Int32, _ uid: UInt32) async -> Answerer = Answerer.look
    ) {
        let callers = BusCallers(bus: calls, approvals: approvals, read: read)
        (self.bus, self.calls) = (bus, calls)
        self.logger = logger
        approvalEvents = approvals.events()
        pendingCounts = approvals.pendingCounts()
        clientChanges = clients.changes()
        grantChanges = grants.changes()
        configurationChanges = configuration.changes()
        self.vaults = vaults
        approval = ApprovalObject(
            agents: AgentWatch(bus: calls, approvals: approvals),
            approvals: approvals,
            callers: callers,
            audit: audit,
            vaults: vaults
        )
        clientsObject = ClientsObject(
            clients: clients,
            grants: grants,
            approvals: approvals,
            callers: callers,
            audit: audit,
            vaults: vaults
        )
        vaultsObject = VaultsObject(
            vaults: vaults,
            closed: closed,
            clients: clients,
            grants: grants,
            approvals: approvals,
            callers: callers,
            audit: audit,
            settling: settling
        )
        configurationObject = ConfigurationObject(configuration: configuration, callers: callers)
    }

    /// Exports the objects; the caller takes the bus name afterwards.
    package func export() async {
        // Before anybody can call; whoever does tries again where it failed.
        try? await calls.noteConnections()
        await bus.export(approval.exported)
        await bus.export(clientsObject.exported)
        await bus.export(vaultsObject.exported)
        await bus.export(configurationObject.exported)
    }

    /// Tells of what happens, as signals, until it is cancelled or the broker shuts down; to be called once.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in approvalEvents { await tell(event) }
            }
            group.addTask {
                for await count in pendingCounts {
                    await changed(ApprovalInterface.pendingCount, .uint32(UInt32(count)))
                }
            }
            for changes in [clientChanges, grantChanges] {
                group.addTask {
                    for await _ in changes {
                        await Self.emit(ClientsInterface.changed, of: ClientsInterface.description, on: bus)
                    }
                }
            }
            group.addTask {
                for await _ in configurationChanges {
                    await Self.emit(
                        ConfigurationInterface.changed,
                        of: ConfigurationInterface.description,
                        on: bus
                    )
                }
            }
            group.addTask {
                await vaults.follow { vault in
                    let changes = vault.changes()
                    // It has come, or changed before this looked.
                    await tellVaultsChanged()
                    for await _ in changes { await tellVaultsChanged() }
                }
            }
        }
    }

    private func tellVaultsChanged() async {
        await Self.emit(VaultsInterface.changed, of: VaultsInterface.description, on: bus)
    }

    private func tell(_ event: ApprovalEvent) async {
        switch event {
        case .added(let request):
            await emit(ApprovalInterface.requestAdded, [.string(request.code), .vardict(request.details)])
        case .ended(let ended, isHeard: true):
            await emit(
                ApprovalInterface.requestRemoved,
                [.string(ended.request.code), .string(ended.outcome.rawValue)]
            )
        case .kept(let ended):
            await emit(
                ApprovalInterface.answerKept,
                [.string(ended.request.code), .string(ended.keepTrouble ?? "")]
            )
        case .failed(let ended):
            await emit(
                ApprovalInterface.answerFailed,
                [.string(ended.request.code), .string(ended.failure ?? "")]
            )
        case .agentsChanged(let agents):
            await changed(ApprovalInterface.agents, .strings(agents.map(\.name)))
        case .agentTookOver(let agent):
            logger.notice("an agent shows the requests now", metadata: ["executable": "\(agent.executable)"])
        case .ended, .notifierShows, .notifierShowsAgain, .notifierHides: break
        }
    }

    private func changed(_ property: BusProperty, _ value: Value) async {
        // The bus going is noticed by whoever watches the connection.
        try? await bus.propertiesChanged(ApprovalObject.path, ApprovalInterface.name, [property.name: value])
    }

    private func emit(_ signal: BusSignal, _ arguments: [Value]) async {
        await Self.emit(signal, of: ApprovalInterface.description, arguments, on: bus)
    }

    private static func emit(
        _ signal: BusSignal,
        of interface: BusInterfaceDescription,
        _ arguments: [Value] = [],
        on bus: BusConnection
    ) async {
        // Who would hear it has the properties and lists to read; the bus going is noticed by whoever watches it.
        try? await bus.emit(ObjectPath(constant: interface.path), interface.name, signal.name, arguments)
    }
}
