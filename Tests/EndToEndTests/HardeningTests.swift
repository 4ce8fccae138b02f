// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

struct HardeningTests {
    @Test func `every thread of the daemon has given up new privileges`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let folder = "/proc/\(try session.daemon.pid)/task"
        let threads = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(threads.count > 1)
        for thread in threads {
            // One that has ended meanwhile has no rights at all.
            guard let status = try? String(contentsOfFile: "\(folder)/\(thread)/status", encoding: .utf8)
            else { continue }
            #expect(status.contains("NoNewPrivs:\t1"), "\(status)")
        }
    }

    @Test func `a save that was sent before is refused, also by the daemon's next process`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let fields = [("Url", "https://example.org/"), ("Login", "alice"), ("Password", "geheim")]
        let body = try client.body(.setLogin, fields.map { (name: $0.0, value: $0.1) })
        let first = try await BusAnswerer(session).answering { try await session.send(body) }
        #expect(try first.json["Success"] as? Bool == true)
        let again = try await session.send(body)
        #expect(try again.json["Error"] as? String == "Couldn't verify request")
        #expect(try await session.stop().status == 0)
        try await session.start()
        let afterwards = try await session.send(body)
        #expect(afterwards.body == again.body)
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://example.org/")]).count == 1)
    }

    @Test(.memoryImages)
    func `long bodies take sixteen mebibytes together, and the memory is given back`() async throws {
        let session = try await DaemonSession()
        let report = try await ChildProcess.run(
            "python3",
            ["-c", Self.flood, "\(session.port)", "\(try session.daemon.pid)"]
        )
        #expect(report.status == 0, "\(report)")
        let numbers = report.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(numbers.count == 4, "\(report)")
        let (idle, slow, answered, after) = (numbers[0], numbers[1], numbers[2], numbers[3])
        // Beside the bodies every connection costs its task and its buffers.
        #expect(slow - idle < 48 << 10, "\(numbers) KiB")
        #expect(answered == 256)
        #expect(after - idle < 24 << 10, "\(numbers) KiB")
    }

    /// Prints, in KiB, the daemon's own memory before and with 256 bodies that don't end, how many of 256 whole ones of
    /// a mebibyte were answered, and its memory after that.
    private static let flood = """
        import re, socket, sys, threading, time
        port, pid = int(sys.argv[1]), sys.argv[2]
        def own():
            text = open("/proc/%s/smaps_rollup" % pid).read()
            return sum(int(n) for n in re.findall(r"Private_\\w+: +(\\d+)", text))
        def send(body):
            s = socket.create_connection(("127.0.0.1", port), 60)
            s.sendall(b"POST / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            answer = b""
            while True:
                part = s.recv(65536)
                if not part: return answer
                answer += part
        ping = b'{"RequestType":"test-associate"}'
        for _ in range(50): send(ping)
        idle = own()
        slow, part = [], b" " * 65536
        for _ in range(256):
            s = socket.create_connection(("127.0.0.1", port), 60)
            s.setblocking(False)
            s.sendall(b"POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 1048576\\r\\n\\r\\n")
            slow.append(s)
        sent, most, quiet = [0] * 256, 0, 0
        while quiet < 20:
            moved = False
            for i, s in enumerate(slow):
                try:
                    if sent[i] < 1048000:
                        sent[i] += s.send(part[: 1048000 - sent[i]])
                        moved = True
                except OSError: pass
            most = max(most, own())
            quiet = 0 if moved else quiet + 1
            time.sleep(0.02)
        for s in slow: s.close()
        # Most are told at once that they are no JSON: reading that is another matter, and slow in a debug build.
        bodies = [b"x" * 1048576] * 31 + [ping[:-1] + b',"x":"' + b"x" * (1048576 - len(ping) - 7) + b'"}']
        answered = 0
        def some():
            global answered
            for body in bodies:
                if send(body).startswith(b"HTTP/1.1 400" if body[0] == 120 else b"HTTP/1.1 200"): answered += 1
        threads = [threading.Thread(target=some) for _ in range(8)]
        for t in threads: t.start()
        for t in threads: t.join()
        after = own()
        for _ in range(60):
            if after - idle < 8192: break
            send(ping); time.sleep(0.5); after = own()
        print(idle, most, answered, after)
        """
}
