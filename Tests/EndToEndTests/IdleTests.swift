// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import Testing
import TestSupport

struct IdleTests {
    @Test func `an idle daemon wakes for nothing, also after it has served`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://example.org/")]).count == 1)
        let pid = try session.daemon.pid

        // Whatever the requests have set in motion comes to rest first: at most a few tries, each a whole quiet time.
        var woken = Int.max
        for _ in 0..<4 where woken != 0 {
            let before = try Self.wakeUps(of: pid)
            try await Task.sleep(for: .seconds(5))
            let after = try Self.wakeUps(of: pid)
            let ended = before.keys.count { after[$0] == nil }
            woken = after.reduce(ended) { sum, thread in sum + thread.value - (before[thread.key] ?? 0) }
        }
        #expect(woken == 0)
    }

    /// How often each thread of a process has gone to sleep so far: one that never wakes doesn't count on.
    private static func wakeUps(of pid: Int32) throws -> [String: Int] {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
        return tasks.reduce(into: [:]) { threads, task in
            let path = "/proc/\(pid)/task/\(task)/status"
            let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
            // None for a thread that has just ended.
            threads[task] = line?.split(separator: "\t").last.flatMap { Int($0) }
        }
    }
}
