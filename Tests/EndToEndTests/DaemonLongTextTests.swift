// SPDX-License-Identifier: Apache-2.0

import DBus
import KeePassHTTP
import TestSupport
import Testing

/// A mebibyte of combining marks, wherever a program can send one: others are served meanwhile.
struct DaemonLongTextTests {
    static let marks = String(repeating: "\u{323}\u{301}", count: 255_000)
    /// What a busy machine may take for one answer; half a mebibyte once held all of them for a minute.
    static let bearable = Duration.seconds(8)

    @Test func `requests with endless texts keep nobody waiting`() async throws {
        let session = try await DaemonSession()
        let bodies = [
            #"{"RequestType":"\#(Self.marks)"}"#, #"{"\#(Self.marks)":1,"RequestType":"get-logins"}"#,
            #"{"RequestType":"get-logins","Id":"\#(Self.marks)","Nonce":"a","Verifier":"a"}"#,
            #"{"RequestType":"test-associate","Nonce":"\#(Self.marks)","Verifier":"a","Id":"x"}"#,
            #"{"RequestType":"test-associate","Nonce":"a","Verifier":"\#(Self.marks)","Id":"x"}"#,
            #"{"RequestType":"associate","Key":"\#(Self.marks)","Nonce":"a","Verifier":"a"}"#,
            #"{"RequestType":"get-logins","Url":{"\#(Self.marks)":"x"}}"#,
        ]
        let slowest = try await slowestAnswer(of: session) {
            for body in bodies { _ = try await session.send(Array(body.utf8)) }
            let head = String(Self.marks.unicodeScalars.prefix(20_000))
            for header in [
                "Origin", "Host", "User-Agent", "Sec-Fetch-Site", "Connection", "Expect", "X-Other",
            ] {
                // Whatever the answer is, or none: nobody else waits for it.
                _ = try? await session.send(Array("{}".utf8), headers: ["\(header): \(head)"])
            }
        }
        #expect(slowest < Self.bearable)
    }

    @Test func `calls with endless texts keep nobody waiting`() async throws {
        let session = try await DaemonSession()
        let bus = try await session.bus.connect()
        func call(_ object: String, _ member: String, _ arguments: [Value]) async {
            let interface = "org.keybell.\(object)1"
            guard let path = ObjectPath("/org/keybell/\(object)") else { return }
            // Refused, of course.
            _ = try? await bus.call("org.keybell.Keybell", path, interface, member, arguments)
        }
        // As many as once held the bus for 19 s; the message still fits into the socket's buffer.
        let marks = String(Self.marks.unicodeScalars.prefix(40_000))
        let long = Value.string(marks)
        let slowest = try await slowestAnswer(of: session) {
            await call(
                "Approval",
                "Answer",
                [.string("2345"), .string("allow"), .vardict([marks: long])]
            )
            await call("Approval", "Answer", [.string("2345"), .string("allow"), .vardict(["id": long])])
            await call("Approval", "Answer", [long, long, .vardict(["scope": long])])
            await call("Approval", "RegisterAgent", [long, .vardict([marks: long])])
            await call("Approval", "Shown", [long])
            await call("Approval", "GetEntries", [long, .uint32(0)])
            await call("Clients", "Rename", [long, long])
            await call("Clients", "Revoke", [long])
            await call("Clients", "Restrict", [long, .vardict([marks: .strings([marks])])])
            await call("Clients", "Grants", [long])
            await call("Clients", "Forget", [long, long])
            await call("Vaults", "Lock", [long])
            await call("Vaults", "Unlock", [long])
            for member in ["Get", "GetAll"] {
                let arguments = member == "Get" ? [long, long] : [long]
                _ = try? await bus.call(
                    "org.keybell.Keybell",
                    "/org/keybell/Approval",
                    "org.freedesktop.DBus.Properties",
                    member,
                    arguments
                )
            }
        }
        #expect(slowest < Self.bearable)
    }

    /// How long the slowest of the small requests took that were sent by HTTP while something else went on.
    private func slowestAnswer(
        of session: DaemonSession,
        meanwhile act: () async throws -> Void
    ) async throws -> Duration {
        let isOver = Observed(false)
        let probing = Task {
            var slowest = Duration.zero
            while !isOver.now {
                let start = ContinuousClock.now
                let reply = try await session.send(OutgoingRequest.ping())
                #expect(reply.status == 200)
                let time = ContinuousClock.now - start
                slowest = max(slowest, time)
            }
            return slowest
        }
        defer { probing.cancel() }
        try await act()
        isOver.update { $0 = true }
        return try await probing.value
    }
}
