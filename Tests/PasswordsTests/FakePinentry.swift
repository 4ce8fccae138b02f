// SPDX-License-Identifier: Apache-2.0

import Foundation
import Passwords
import TestSupport
import Vault

/// What the person alone is told to do.
func text(of error: VaultError?) -> String {
    guard case .passwordUnavailable(let text) = error else {
        return "not for the person alone: \(String(describing: error))"
    }
    return text
}

/// A program that speaks the protocol as the test wants it, and keeps what it is told.
struct FakePinentry {
    let folder: TemporaryFolder
    let path: String

    /// Writes the program.
    ///
    /// - Parameters:
    ///   - answer: The shell's words for the answer to GETPIN and CONFIRM.
    ///   - greeting: And those for its beginning.
    ///   - option: And those for the answer to OPTION.
    /// - Throws: What keeps the program from being written.
    init(answer: String = "ok", greeting: String = "ok 'Pleased to meet you'", option: String = "ok")
        async throws
    {
        folder = try TemporaryFolder()
        let script = """
            #!/bin/sh
            ok() { echo "OK $1"; }
            say() { printf '%s\\n' "$@"; }
            echo $$ > "$0.pid"
            \(greeting)
            while IFS= read -r line; do
                printf '%s\\n' "$line" >> "$0.log"
                case "$line" in
                GETPIN | CONFIRM) \(answer) ;;
                OPTION*) \(option) ;;
                *) ok ;;
                esac
            done
            """
        path = folder.path("pinentry")
        // By another process: while this one starts others, a file that it has open for writing can't be executed.
        let report = try await ChildProcess.run(
            "install",
            ["-m", "700", "/dev/stdin", path],
            input: script
        )
        guard report.status == 0 else { throw TimedOut(description: "install: \(report.errors)") }
    }

    /// The commands that it has read.
    var commands: [String] {
        get throws {
            try String(contentsOfFile: path + ".log", encoding: .utf8).split(separator: "\n").map(
                String.init
            )
        }
    }

    /// The number of the process that ran last.
    var pid: Int32? {
        let text = try? String(contentsOfFile: path + ".pid", encoding: .utf8)
        return text.flatMap { Int32($0.split(separator: "\n").first ?? "") }
    }

    /// How `Pinentry` is told to use it.
    func pinentry(
        deadline: Duration = .seconds(20),
        starting: Duration = .seconds(10),
        environment: [String: String] = [
            "LC_ALL": "C.UTF-8", "TERM": "dumb", "GPG_TTY": "", "DISPLAY": ":77",
        ]
    ) -> Pinentry {
        Pinentry(program: path, deadline: deadline, starting: starting, environment: environment)
    }
}
