// SPDX-License-Identifier: Apache-2.0

import BusInterface
import BusService
import DBus
import TestSupport
import Testing

struct ConfigurationObjectTests {
    private typealias Key = ConfigurationInterface.Key

    private static func ask(_ method: BusMethod, _ fixture: ServiceFixture) async throws(DBusError) -> [Value]
    {
        try await fixture.call(method, of: ConfigurationInterface.description)
    }

    @Test func `a reload says what is in force now and what takes a restart`() async throws {
        let fixture = try await ServiceFixture()
        let report = ReloadReport(changed: ["[access]"], afterRestart: ["http.port"])
        fixture.configuration.outcome.update { $0 = .success(report) }
        let answer = try await Self.ask(ConfigurationInterface.reload, fixture)
        #expect(answer == [.strings(["[access]"]), .strings(["http.port"])])
    }

    @Test func `a mistake is an error with the place in it`() async throws {
        let fixture = try await ServiceFixture()
        fixture.configuration.outcome.update {
            $0 = .failure(ReloadError("/config.toml: http.prot: unknown key"))
        }
        await #expect {
            try await Self.ask(ConfigurationInterface.reload, fixture)
        } throws: { error in
            let error = error as? DBusError
            return error?.name == KeybellBusError.badConfiguration
                && error?.message.hasPrefix("/config.toml: http.prot: unknown key. ") == true
        }
    }

    @Test func `the state says whether the file is in force`() async throws {
        let fixture = try await ServiceFixture()
        let current = try await Self.ask(ConfigurationInterface.state, fixture).first?.vardict
        #expect(current?[Key.current] == .boolean(true))
        #expect(current?[Key.problem] == nil)
        #expect(current?[Key.port] == .uint32(19455) && current?[Key.collection] == .string("login"))
        fixture.configuration.answer.update { $0.problem = "/config.toml: line 3" }
        let broken = try await Self.ask(ConfigurationInterface.state, fixture).first?.vardict
        #expect(broken?[Key.problem] == .string("/config.toml: line 3"))
    }

    @Test func `the state says who is asked by what is in force`() async throws {
        let fixture = try await ServiceFixture()
        fixture.configuration.answer.update {
            $0.access = "granted"
            $0.sockets = [7, 8]
            $0.clientAccess = ["backup": "never"]
            $0.useless = ["approval.confirm_with: no request is confirmed"]
        }
        let state = try await Self.ask(ConfigurationInterface.state, fixture).first?.vardict
        #expect(state?[Key.sockets] == .array("t", [.uint64(7), .uint64(8)]))
        #expect(state?[Key.access] == .string("granted"))
        #expect(state?[Key.clientAccess] == .vardict(["backup": .string("never")]))
        #expect(state?[Key.useless] == .strings(["approval.confirm_with: no request is confirmed"]))
    }
}
