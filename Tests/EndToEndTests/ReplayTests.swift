// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// What somebody gets who hasn't the key, but has seen what was sent under it.
struct ReplayTests {
    private static let page = "https://site.example/"
    private static let secret = "Sup(er[s3cret"

    /// Each message that can be made of the signature and the ciphertexts of one that was seen.
    private static func forgeries(_ seen: [String: Any], id: String?) throws -> [[UInt8]] {
        let entry = (seen["Entries"] as? [[String: Any]])?.first ?? seen
        let text = (entry["Password"] ?? entry["Url"]) as? String ?? ""
        return try RequestType.allCases.filter { $0 != .associate }.flatMap { type in
            try [true, false].map { keepsHmac in
                var message: [String: Any] = [
                    "RequestType": type.rawValue, "Id": id ?? "", "SearchMode": "Regular", "Names": [text],
                ]
                for name in ["Nonce", "Verifier"] + (keepsHmac ? ["Hmac"] : []) { message[name] = seen[name] }
                for name in ["Url", "Login", "Password", "SearchString", "Uuid"] { message[name] = text }
                return Array(try JSONSerialization.data(withJSONObject: message))
            }
        }
    }

    private static func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test func `neither a reply nor a request can be sent again as anything, also after a crash`()
        async throws
    {
        let session = try await DaemonSession.trusting()
        let client = try await ClientProgram.associated(with: session, as: "a")
        let saved = try await client.ask(
            .setLogin,
            [("Url", Self.page), ("Login", "me"), ("Password", Self.secret)]
        )
        #expect(saved.success)
        let request = try client.body(.getLogins, [("Url", Self.page)])
        let reply = try await session.send(request)
        let read = try IncomingReply(parsing: reply.body, key: client.key)
        #expect(read.entries.count == 1)
        let forgeries =
            try Self.forgeries(Self.object(reply.body), id: client.id)
            + Self.forgeries(Self.object(request), id: client.id)
        for bytes in forgeries {
            let answer = try await session.send(bytes)
            #expect(try answer.json["Success"] as? Bool == false)
            #expect(try answer.json["Error"] as? String == "Couldn't verify request")
        }
        // The header, the change, the read.
        let file = session.bus.folder.path("state/keybell/nonces")
        while try Data(contentsOf: URL(filePath: file)).count < 3 * 32 { await Task.yield() }
        let former = try session.daemon
        former.kill()
        _ = try await former.end(within: .seconds(20))
        try await session.start()
        for bytes in forgeries {
            #expect(try await session.send(bytes).json["Success"] as? Bool == false)
        }
        #expect(try await client.ask(.getLogins, [("Url", Self.page)]).entries.count == 1)
        #expect(!former.soFar.errors.contains(Self.secret))
        #expect(try !session.daemon.soFar.errors.contains(Self.secret))
    }

    @Test func `what came encrypted is repeated neither in an error nor in the log`() async throws {
        let session = try await DaemonSession.trusting()
        let client = try await ClientWithoutHmac.associated(with: session)
        let request = try client.request("get-logins-custom-search", ["SearchString": Self.secret])
        let reply = try await session.send(request.with("SearchMode", "\"Regular\"").bytes)
        let error = try #require(reply.json["Error"] as? String)
        #expect(error.hasPrefix("Invalid regular expression: "))
        #expect(!error.contains("s3cret"))
        for name in [
            "Title", "{S:\(Self.secret)}", "a\u{1}\(Self.secret)", String(repeating: Self.secret, count: 100),
        ] {
            let cipher = OutgoingCipher(key: client.key, nonce: .random())
            let signature = try cipher.signature()
            let body: [String: Any] = [
                "RequestType": "set-login", "Id": client.id, "Nonce": signature.nonce,
                "Verifier": signature.verifier, "Url": try cipher.field(Self.page),
                "StringFields": [try cipher.field(name): try cipher.field(Self.secret)],
            ]
            let reply = try await session.send(Array(try JSONSerialization.data(withJSONObject: body)))
            #expect(try reply.json["Success"] as? Bool == false)
            #expect(try #require(reply.json["Error"] as? String).contains("s3cret") == false)
        }
        let uuid = try await session.send(
            try client.request("set-login", ["Uuid": Self.secret, "Login": "x"]).bytes
        )
        #expect(try #require(uuid.json["Error"] as? String).contains("s3cret") == false)
        #expect(try !session.daemon.soFar.errors.contains("s3cret"))
    }

    @Test func `a name with quotes can't write fields into the log`() async throws {
        let session = try await DaemonSession.trusting()
        _ = try await ClientProgram.associated(with: session, as: #"a" by="you" \"#)
        let log = try await session.stop().errors
        let lines = log.split(separator: "\n").filter { $0.contains("associated") }
        #expect(lines.count == 1 && lines[0].contains(#"client="a\" by=\"you\" \\""#), "\(log)")
    }

    @Test func `our own client takes nothing from what sends its own message back`() async throws {
        let session = try await DaemonSession()
        let made = try await BusAnswerer(session).answering {
            try await session.keybell("client", "associate")
        }
        #expect(made.status == 0, "\(made)")
        try await session.stop()
        let mirror = try ChildProcess(
            "/usr/bin/python3",
            ["-c", Self.mirror, "\(session.port)"],
            environment: session.bus.environment
        )
        try await mirror.prints("ready")
        for arguments in [
            ["client", "generate"], ["client", "logins", Self.page],
            ["client", "save", Self.page, "--user", "bob", "--no-password"],
        ] {
            let report = try await ChildProcess.run(
                DaemonSession.programs + "/keybell",
                arguments,
                environment: session.bus.environment
            )
            #expect(report.status == 1 && report.output.isEmpty, "\(report)")
            #expect(report.errors.contains("Something other than Keybell answers on port"), "\(report)")
        }
        mirror.kill()
        _ = try await mirror.end(within: .seconds(20))
    }

    /// Has Keybell's names on the bus and among the processes, and answers each message with its own signature and texts, as one that was carried out.
    private static let mirror = """
        import dbus, dbus.mainloop.glib, dbus.service, http.server, json, os, sys, threading
        from gi.repository import GLib
        class Mirror(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
                text = asked['Verifier']
                reply = {name: asked[name] for name in ('RequestType', 'Id', 'Nonce', 'Verifier', 'Hmac')}
                entry = {name: text for name in ('Name', 'Login', 'Password', 'Uuid')}
                reply.update(Success=True, Count=1, Entries=[entry], Uuid=text, Version='2.3.1.0', Hash='0' * 40)
                body = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Mirror)
        class Configuration(dbus.service.Object):
            @dbus.service.method('org.keybell.Configuration1', out_signature='a{sv}')
            def State(self):
                sockets = dbus.Array([os.fstat(server.fileno()).st_ino], signature='t')
                return {'file': '/none', 'current': True, 'port': dbus.UInt32(sys.argv[1]), 'sockets': sockets}
        dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
        bus = dbus.SessionBus()
        configuration = Configuration(bus, '/org/keybell/Configuration')
        name = dbus.service.BusName('org.keybell.Keybell', bus)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        open('/proc/self/comm', 'w').write('keybelld')
        print('ready', flush=True)
        GLib.MainLoop().run()
        """
}
