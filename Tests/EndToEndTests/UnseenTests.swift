// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What happens to a question that nothing can show: it is not lost without a word.
struct UnseenTests {
    @Test(arguments: [
        (true, "no notification server is running", "no notification server answers"),
        (false, "nothing shows it", "nothing shows requests"),
    ])
    func `the log says it once, the doctor says what to do, and so does the client's error`(
        withNotifier: Bool,
        log: String,
        finding: String
    ) async throws {
        let session = try await DaemonSession("timeout = 1", withNotifier: withNotifier)
        for _ in 0..<2 {
            let reply = try await session.send(try associateBody())
            let error = try reply.json["Error"] as? String ?? ""
            #expect(error.contains("`keybell watch`"), "\(error)")
            #expect(error.contains("`keybell doctor`"))
        }
        let lines = try session.daemon.soFar.errors.split(separator: "\n")
        #expect(lines.count { $0.contains(log) } == 1, "\(lines)")
        let doctor = try await session.keybell("doctor").output
        #expect(doctor.contains(finding))
        #expect(doctor.contains("keybell watch"))
    }

    @Test func `where it was shown, the error says just that nobody answered`() async throws {
        let session = try await DaemonSession("timeout = 1")
        let terminal = try await TerminalWindow(
            [DaemonSession.programs + "/keybell", "watch"],
            environment: session.bus.environment
        )
        try await terminal.shows("Watching")
        let reply = try await session.send(try associateBody())
        #expect(try (reply.json["Error"] as? String)?.hasPrefix("Nobody answered") == true)
        try await terminal.shows(": expired.")
        try await terminal.close()
    }
}
