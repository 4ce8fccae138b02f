// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The daemon's end while the person has something open.
@Suite(.timeLimit(.minutes(2))) struct StoppingTests {
    @Test func `a window for a password holds up no stop, and is no failure`() async throws {
        let folder = try TemporaryFolder()
        let (path, pinentry) = (folder.path("main.kdbx"), folder.path("pinentry"))
        let made = try await ChildProcess.run(
            "keepassxc-cli",
            ["db-create", "-q", "-p", path],
            environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "demopass\ndemopass\n"
        )
        guard made.status == 0 else { throw TestFailure("\(made)") }
        // By another process: while this one starts others, a file that it has open for writing can't be executed.
        let installed = try await ChildProcess.run(
            "install",
            ["-m", "700", "/dev/stdin", pinentry],
            input: """
                #!/bin/sh
                echo OK
                while IFS= read -r line; do
                    case "$line" in
                    GETPIN) echo $$ > "$0.pid" ;;
                    *) echo OK ;;
                    esac
                done
                """
        )
        guard installed.status == 0 else { throw TestFailure("\(installed)") }
        let session = try await DaemonSession(
            """
            [[vault]]
            kind = "kdbx"
            name = "main"
            path = "\(path)"
            [unlock]
            pinentry = "\(pinentry)"
            """
        )
        let body = try associateBody()
        let sending = Task {
            try await BusAnswerer(session).answering(["id": "firefox"]) { try await session.send(body) }
        }
        try await session.telling {
            _ = try await eventually("the window") {
                FileManager.default.fileExists(atPath: pinentry + ".pid") ? () : nil
            }
        }
        let report = try await session.stop()
        #expect(report.status == 0)
        #expect(!report.errors.contains("takes too long"))
        // It has got an answer, whatever became of the bus that its question was answered on.
        _ = await sending.result
    }

    @Test func `a stop during the start ends it with status 0`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        provider.holding.update { $0 = "SearchItems" }
        defer { provider.holding.update { $0 = nil } }
        let session = try await DaemonSession(on: provider.bus, starting: false)
        let daemon = try ChildProcess(
            DaemonSession.programs + "/keybelld",
            ["--config", session.configuration],
            environment: session.bus.environment
        )
        try await provider.calls.wait(for: "a look for the keys") { $0["SearchItems"] ?? 0 > 0 ? () : nil }
        daemon.terminate()
        let report = try await daemon.end(within: .seconds(60))
        #expect(report.status == 0, "\(report)")
    }
}
