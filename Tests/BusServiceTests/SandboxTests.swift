// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Callers
import DBus
import TestSupport
import Testing
import Vault

struct `Who may change something` {
    private static let changing: [(BusMethod, BusInterfaceDescription, [Value])] = [
        (
            ApprovalInterface.answer, ApprovalInterface.description,
            [.string("2222"), .string("allow"), .vardict([:])]
        ),
        (
            ApprovalInterface.registerAgent, ApprovalInterface.description,
            [.string("watch"), .vardict([:])]
        ),
        (ClientsInterface.rename, ClientsInterface.description, [.string("a"), .string("b")]),
        (ClientsInterface.nameExtension, ClientsInterface.description, [.string("a"), .string("b")]),
        (ClientsInterface.revoke, ClientsInterface.description, [.string("a")]),
        (ApprovalInterface.unmute, ApprovalInterface.description, [.string("")]),
        (ClientsInterface.forget, ClientsInterface.description, [.string("a"), .string("b")]),
        (ClientsInterface.restrict, ClientsInterface.description, [.string("a"), .vardict([:])]),
        (VaultsInterface.lock, VaultsInterface.description, [.string("")]),
        (VaultsInterface.unlock, VaultsInterface.description, [.string("")]),
        (
            VaultsInterface.unlockWithOptions, VaultsInterface.description,
            [.string(""), .vardict([VaultsInterface.UnlockOption.terminal: .string("/dev/pts/0")])]
        ),
        (VaultsInterface.cancelUnlock, VaultsInterface.description, []),
        (
            VaultsInterface.importLogins, VaultsInterface.description,
            [
                .string(""), PassedDescriptor(duplicating: 0).map { .descriptor($0) } ?? .byte(0),
                .vardict([:]),
            ]
        ),
        (ConfigurationInterface.reload, ConfigurationInterface.description, []),
    ]

    private static let reading: [(BusMethod, BusInterfaceDescription, [Value])] = [
        (ApprovalInterface.listRequests, ApprovalInterface.description, []),
        (ApprovalInterface.listRecent, ApprovalInterface.description, []),
        (ApprovalInterface.listAgents, ApprovalInterface.description, []),
        (ApprovalInterface.countQueued, ApprovalInterface.description, []),
        (ApprovalInterface.getEntries, ApprovalInterface.description, [.string("2222"), .uint32(0)]),
        (ApprovalInterface.shown, ApprovalInterface.description, [.string("2222")]),
        (ApprovalInterface.unregisterAgent, ApprovalInterface.description, []),
        (ClientsInterface.list, ClientsInterface.description, []),
        (ClientsInterface.grants, ClientsInterface.description, [.string("a")]),
        (VaultsInterface.list, VaultsInterface.description, []),
        (ConfigurationInterface.state, ConfigurationInterface.description, []),
    ]

    private static let identity = ProcessIdentity(pid: 9, startTime: 9)

    private static func answerer(_ programs: [String], sandbox: String? = nil) -> Answerer {
        let chain = programs.enumerated().map { number, executable in
            ProcessRecord(
                identity: ProcessIdentity(pid: 9 + Int32(number), startTime: 9),
                executable: executable
            )
        }
        return Answerer(
            identity: identity,
            uid: 1000,
            chain: chain,
            sandbox: sandbox.flatMap { Sandbox(flatpak: $0) }
        )
    }

    @Test func `a sandboxed program may not, nor one that can't be seen`() async throws {
        let fixture = try await ServiceFixture()
        for answerer in [
            Self.answerer(["/app/bin/game"], sandbox: "org.example.Game"), Answerer(identity: nil, uid: 1000),
        ] {
            fixture.seen.update { $0 = answerer }
            for (method, interface, arguments) in Self.changing + Self.reading {
                let name = await fixture.errorName { () throws(DBusError) in
                    try await fixture.call(method, of: interface, arguments)
                }
                #expect(name == KeybellBusError.notAllowed, "\(method.name)")
            }
        }
        #expect(await !fixture.vault.status().isLocked)
    }

    @Test func `a process that is younger than the connection that calls isn't its own`() async throws {
        let fixture = try await ServiceFixture()
        let successor = ProcessRecord(
            identity: ProcessIdentity(pid: 9, startTime: .max),
            executable: "/usr/bin/sleep"
        )
        fixture.seen.update { $0 = Answerer(identity: successor.identity, uid: 1000, chain: [successor]) }
        for (method, interface, arguments) in Self.changing + Self.reading {
            let name = await fixture.errorName { () throws(DBusError) in
                try await fixture.call(method, of: interface, arguments)
            }
            #expect(name == KeybellBusError.notAllowed, "\(method.name)")
        }
    }

    @Test func `no method is left out of what a sandboxed program may not do`() {
        var left = Set<String>()
        for interface in KeybellBus.interfaces {
            for method in interface.methods { left.insert("\(interface.name).\(method.name)") }
        }
        for (method, interface, _) in Self.changing + Self.reading {
            left.remove("\(interface.name).\(method.name)")
        }
        #expect(left.isEmpty)
    }

    @Test func `a sandboxed program reads no property but the version`() async throws {
        let fixture = try await ServiceFixture()
        fixture.seen.update { $0 = Self.answerer(["/app/bin/game"], sandbox: "org.example.Game") }
        for interface in KeybellBus.interfaces {
            for property in interface.properties {
                let name = await fixture.errorName { () throws(DBusError) in
                    try await read(
                        fixture,
                        interface,
                        "Get",
                        [.string(interface.name), .string(property.name)]
                    )
                }
                #expect(name == (property.name == "Version" ? nil : KeybellBusError.notAllowed))
            }
            let name = await fixture.errorName { () throws(DBusError) in
                try await read(fixture, interface, "GetAll", [.string(interface.name)])
            }
            #expect(name == (interface.properties.count == 1 ? nil : KeybellBusError.notAllowed))
        }
        fixture.seen.update { $0 = Self.answerer(["/usr/bin/panel"]) }
        let all = try await read(
            fixture,
            ApprovalInterface.description,
            "GetAll",
            [.string(ApprovalInterface.name)]
        )
        #expect(all.first?.vardict?["PendingCount"] == .uint32(0))
        #expect(all.first?.vardict?["Version"] == .string(KeybellVersion.text))
    }

    @discardableResult
    private func read(
        _ fixture: ServiceFixture,
        _ interface: BusInterfaceDescription,
        _ member: String,
        _ arguments: [Value]
    ) async throws(DBusError) -> [Value] {
        try await fixture.client.call(
            KeybellBus.name,
            ObjectPath(interface.path) ?? "/",
            "org.freedesktop.DBus.Properties",
            member,
            arguments
        )
    }

    @Test func `a program that waits for an answer can neither unlock nor forget nor restrict`() async throws
    {
        let fixture = try await ServiceFixture()
        let (code, _) = try await fixture.ask(.full(.release))
        let refused = { (programs: [String]) async -> [String?] in
            fixture.seen.update { $0 = Self.answerer(programs) }
            var names: [String?] = []
            let guarded: Set = ["Forget", "Restrict", "Unlock", "UnlockWithOptions"]
            for (method, interface, arguments) in Self.changing where guarded.contains(method.name) {
                names.append(
                    await fixture.errorName { () throws(DBusError) in
                        try await fixture.call(method, of: interface, arguments)
                    }
                )
            }
            return names
        }
        let denied = Array(repeating: KeybellBusError.notAllowed, count: 4)
        #expect(await refused(["/usr/bin/git"]) == denied)
        #expect(await refused(["/usr/bin/keybell", "/usr/bin/git", "/usr/bin/bash"]) == denied)
        // Forget and Restrict then fail because there is no keyring, Unlock succeeds, and the terminal is none of the caller's.
        #expect(
            await refused(["/usr/bin/keybell", "/usr/bin/bash", ""]) == [
                KeybellBusError.unavailable, KeybellBusError.unavailable, nil, DBusError.Name.invalidArgs,
            ]
        )
        fixture.seen.update { $0 = Self.answerer(["/usr/bin/keybell"]) }
        try await fixture.call(
            ApprovalInterface.answer,
            [.string(code), .string("deny"), .vardict([:])]
        )
        #expect(await refused(["/usr/bin/git"]) == denied)
    }
}
