// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DBus

struct `Calls over a real bus` {
    let bus: PrivateBus
    let server: BusConnection
    let client: BusConnection
    let object = TestObject()

    init() async throws {
        bus = try await PrivateBus()
        server = try await bus.connect()
        client = try await bus.connect()
        await server.export(object.object)
    }

    private func call(_ member: String, _ arguments: [Value] = []) async throws(DBusError) -> [Value] {
        try await client.call(server.uniqueName, TestObject.path, TestObject.name, member, arguments)
    }

    @Test func `a call gets its answer`() async throws {
        #expect(try await call("Echo", [.string("ding 🔔")]) == [.string("ding 🔔")])
        #expect(try await call("Who") == [.string(client.uniqueName)])
    }

    @Test func `a flood of one process is turned away, by whatever connection it comes`() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in UInt32(0)..<80 {
                group.addTask {
                    do throws(DBusError) {
                        _ = try await self.call("Wait", [.uint32(number)])
                        return true
                    } catch {
                        #expect(error.name == DBusError.Name.limitsExceeded)
                        return false
                    }
                }
            }
            try await object.gate.wait(for: "as many calls as there may be") { $0.waiting == 64 ? () : nil }
            // Another connection of the same process is the same caller.
            let other = try await bus.connect()
            let refused = await #expect(throws: DBusError.self) {
                try await other.call(server.uniqueName, TestObject.path, TestObject.name, "Who")
            }
            #expect(refused?.name == DBusError.Name.limitsExceeded)
            object.gate.update { $0.isOpen = true }
            var served = 0
            for try await isServed in group where isServed { served += 1 }
            #expect(served == 64)
        }
        #expect(try await call("Who") == [.string(client.uniqueName)])
    }

    @Test func `a call can't bring more than a daemon has use for`() async throws {
        let bytes = Value.array(Signature(unchecked: "y"), Array(repeating: .byte(0), count: 100_000))
        let text = Value.string(String(repeating: "a", count: 2 << 20))
        for value in [bytes, text] {
            let error = await #expect(throws: DBusError.self) {
                try await call("Take", [.vardict(["value": value])])
            }
            #expect(error?.name == DBusError.Name.limitsExceeded)
        }
        #expect(try await call("Take", [.vardict([:])]).isEmpty)
    }

    /// libdbus ends a connection that gets more descriptors in a message than it expects, or than there is room for.
    @Test func `descriptors that nobody wants are closed, however many come`() async throws {
        let passed = PassedDescriptor(adopting: dup(STDERR_FILENO))
        var many: [String: Value] = [:]
        for number in 0..<200 { many["\(number)"] = .descriptor(passed) }
        for _ in 0..<20 {
            let error = await #expect(throws: DBusError.self) {
                try await call("Take", [.vardict(many)])
            }
            #expect(error?.name == DBusError.Name.limitsExceeded)
        }
        #expect(try await call("Take", [.vardict(["terminal": .descriptor(passed)])]).isEmpty)
    }

    @Test func `whose a connection is is looked up once for all calls of a flood`() async throws {
        let lookUp = "GetConnectionCredentials"
        let monitor = try ChildProcess(
            "dbus-monitor",
            ["--address", bus.address, "type='method_call',member='\(lookUp)'"]
        )
        /// What the bus has been asked for until now: the monitor sees everything in the bus's order.
        func askedFor(by sender: String, until mark: BusConnection) async throws -> Int {
            while !monitor.soFar.output.contains("sender=\(mark.uniqueName) ") {
                _ = try await mark.credentials(of: mark.uniqueName)
            }
            let lines = monitor.soFar.output.split(separator: "\n").filter { $0.contains(lookUp) }
            return lines.count { $0.contains("sender=\(sender) ") }
        }
        #expect(try await askedFor(by: server.uniqueName, until: try await bus.connect()) == 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in UInt32(0)..<60 {
                group.addTask { _ = try await self.call("Wait", [.uint32(number)]) }
            }
            try await object.gate.wait(for: "all of them") { $0.waiting == 60 ? () : nil }
            #expect(try await askedFor(by: server.uniqueName, until: try await bus.connect()) == 1)
            object.gate.update { $0.isOpen = true }
            try await group.waitForAll()
        }
    }

    @Test func `whose a connection is is asked for over the connection that is meant for it`() async throws {
        let asking = try await bus.connect()
        let served = try await BusConnection.connect(bus.bus, identifying: asking)
        await served.export(object.object)
        // Nobody is told whose a connection is, so that another one of this process counts by itself.
        await asking.close()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in UInt32(0)..<64 {
                group.addTask {
                    let arguments = [Value.uint32(number)]
                    _ = try await client.call(
                        served.uniqueName,
                        TestObject.path,
                        TestObject.name,
                        "Wait",
                        arguments
                    )
                }
            }
            try await object.gate.wait(for: "as many calls as there may be") { $0.waiting == 64 ? () : nil }
            let other = try await bus.connect()
            _ = try await other.call(served.uniqueName, TestObject.path, TestObject.name, "Who")
            object.gate.update { $0.isOpen = true }
            try await group.waitForAll()
        }
    }

    @Test func `an error repeats no more of what the caller wrote than a person reads`() async throws {
        let long = String(repeating: "x", count: 1 << 19)
        let properties = "org.freedesktop.DBus.Properties"
        func error(_ path: ObjectPath, _ member: String, _ texts: [String]) async -> DBusError? {
            do throws(DBusError) {
                let arguments = texts.map { Value.string($0) }
                _ = try await client.call(server.uniqueName, path, properties, member, arguments)
                return nil
            } catch {
                return error
            }
        }
        let path = try #require(ObjectPath("/" + long))
        let errors = [
            await error(path, "GetAll", [""]), await error(TestObject.path, "Get", [TestObject.name, long]),
            await error(TestObject.path, "GetAll", [long]), await error(TestObject.path, "Get", [long, "x"]),
        ]
        for error in errors {
            let message = try #require(error?.message)
            #expect(message.utf8.count < 1024)
            #expect(message.contains("xxx"))
        }
    }

    @Test func `a message that the socket doesn't take at once is sent and answered all the same`()
        async throws
    {
        let long = String(repeating: "0123456789abcdef", count: 65_535)
        #expect(try await call("Echo", [.string(long)]) == [.string(long)])
        #expect(try await call("Echo", [.string("and then")]) == [.string("and then")])
    }

    @Test func `calls that wait keep nobody else waiting`() async throws {
        try await withThrowingTaskGroup(of: [Value].self) { group in
            for number in UInt32(0)..<50 {
                group.addTask { try await self.call("Wait", [.uint32(number)]) }
            }
            try await object.gate.wait(for: "50 calls") { $0.waiting == 50 ? () : nil }
            #expect(try await call("Echo", [.string("meanwhile")]) == [.string("meanwhile")])
            object.gate.update { $0.isOpen = true }
            var seen: Set<Value> = []
            for try await answer in group { seen.formUnion(answer) }
            #expect(seen == Set((UInt32(0)..<50).map { .uint32($0) }))
        }
    }

    @Test(arguments: [
        ("org.keybell.Error.NotAllowed", "org.keybell.Error.NotAllowed"),
        ("not a name", DBusError.Name.failed), ("", DBusError.Name.failed),
    ])
    func `a handler's error reaches the caller`(name: String, expected: String) async throws {
        let error = await #expect(throws: DBusError.self) { try await call("Fail", [.string(name)]) }
        #expect(error?.name == expected)
        #expect(error?.message == "as\u{FFFD}asked")
    }

    @Test func `an answer of another type than promised is a failure`() async throws {
        let error = await #expect(throws: DBusError.self) { try await call("Lie") }
        #expect(error?.name == DBusError.Name.failed)
    }

    @Test(arguments: [
        (TestObject.path, TestObject.name, "Echo", [Value.uint32(1)], DBusError.Name.invalidArgs),
        (TestObject.path, TestObject.name, "Echo", [], DBusError.Name.invalidArgs),
        (TestObject.path, TestObject.name, "Nothing", [], DBusError.Name.unknownMethod),
        (TestObject.path, "org.keybell.Nothing", "Echo", [], DBusError.Name.unknownInterface),
        ("/org/keybell/Nothing", TestObject.name, "Echo", [], DBusError.Name.unknownObject),
        ("/org", TestObject.name, "Echo", [], DBusError.Name.unknownInterface),
    ])
    func `a call that nothing answers to gets the standard error`(
        path: ObjectPath,
        interface: String,
        member: String,
        arguments: [Value],
        expected: String
    ) async throws {
        let error = await #expect(throws: DBusError.self) {
            try await client.call(server.uniqueName, path, interface, member, arguments)
        }
        #expect(error?.name == expected)
    }

    @Test(arguments: ["", "no name", "org.keybell.\0"])
    func `a destination that is no bus name is refused here`(destination: String) async throws {
        let error = await #expect(throws: DBusError.self) {
            try await client.call(destination, "/", "a.b", "C")
        }
        #expect(error?.name == DBusError.Name.invalidArgs)
    }

    @Test func `nobody at the name is an error`() async throws {
        let error = await #expect(throws: DBusError.self) {
            try await client.call("org.keybell.Nobody", "/", "a.b", "C", noAutoStart: true)
        }
        #expect(error?.name == DBusError.Name.nameHasNoOwner || error?.name == DBusError.Name.serviceUnknown)
    }

    @Test func `a call without an answer ends at its deadline`() async throws {
        let error = await #expect(throws: DBusError.self) {
            try await client.call(
                server.uniqueName,
                TestObject.path,
                TestObject.name,
                "Wait",
                [.uint32(1)],
                timeout: .milliseconds(50)
            )
        }
        #expect(error == .noReply)
        object.gate.update { $0.isOpen = true }
    }

    @Test func `a cancelled call ends at once`() async throws {
        let waiting = Task { () async throws -> [Value] in try await call("Wait", [.uint32(1)]) }
        try await object.gate.wait(for: "the call") { $0.waiting == 1 ? () : nil }
        waiting.cancel()
        await #expect(throws: DBusError.cancelled) { try await waiting.value }
        object.gate.update { $0.isOpen = true }
    }

    @Test func `an object that isn't there is unknown`() async throws {
        let error = await #expect(throws: DBusError.self) {
            try await client.call(server.uniqueName, "/nobody", TestObject.name, "Who")
        }
        #expect(error?.name == DBusError.Name.unknownObject)
    }
}
