// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The completion scripts in the shells that they are for, with Ids that programs have chosen badly.
struct CompletionScriptTests {
    /// Each would leave a file behind where a shell runs it.
    private static func ids(_ mark: String) -> [String] {
        [
            "notes $(touch \(mark))", "w;touch${IFS}\(mark)", "`touch \(mark)`", "a|touch \(mark)", "a\\'b",
            "it's \"quoted\"", "a & b", "a < b > c", "*", "a?", "{a,b}", "~root", "!!", "#a",
        ]
    }

    /// A session with those clients and one whose Id is plain, as whoever writes to the keyring can bring them in.
    private static func session() async throws -> DaemonSession {
        let session = try await DaemonSession()
        for (number, id) in (ids(session.bus.folder.path("mark")) + ["plain-client"]).enumerated() {
            let key = Data(repeating: UInt8(number), count: 16) + Data((0..<16).map { UInt8($0 + number) })
            let attributes = [
                "xdg:schema", "org.keybell.ClientKey", "id", id, "database", "", "program", "/usr/bin/git",
                "created", "1",
            ]
            let stored = try await ChildProcess.run(
                "secret-tool",
                ["store", "--label=x"] + attributes,
                environment: session.bus.environment,
                input: key.base64EncodedString()
            )
            guard stored.status == 0 else { throw TestFailure("\(stored)") }
        }
        _ = try await eventually("the clients") {
            try await session.keybell("clients").output.contains("plain-client") ? () : nil
        }
        return session
    }

    /// What a shell says that completes `keybell revoke` by this script of its own.
    private static func offered(by shell: [String], _ script: String, in session: DaemonSession) async throws
        -> String
    {
        let path = try #require(ChildProcess.standardEnvironment["PATH"])
        let folder = session.bus.folder
        let name = try folder.write("completing", script)
        let made = try await session.keybell("--generate-completion-script", shell[0])
        #expect(made.status == 0, "\(made)")
        try folder.write("_keybell", made.output)
        let report = try await ChildProcess.run(
            shell[0],
            Array(shell.dropFirst()) + [name, folder.path],
            environment: session.bus.environment.merging(["PATH": "\(DaemonSession.programs):\(path)"]) {
                $1
            },
            within: .seconds(50)
        )
        return report.output
    }

    private static func hasRun(_ session: DaemonSession) -> Bool {
        FileManager.default.fileExists(atPath: session.bus.folder.path("mark"))
    }

    @Test func `bash runs nothing of an Id`() async throws {
        let session = try await Self.session()
        let script = """
            source "$1/_keybell"
            for command in revoke grants rename restrict forget; do
                COMP_WORDS=(keybell $command ''); COMP_CWORD=2; COMPREPLY=()
                COMP_LINE="keybell $command "; COMP_POINT=${#COMP_LINE}
                _keybell keybell '' $command
                printf '%s\\n' "${COMPREPLY[@]}"
            done
            """
        let offered = try await Self.offered(by: ["bash"], script, in: session)
        #expect(offered == String(repeating: "plain-client\n", count: 5))
        #expect(!Self.hasRun(session))
    }

    @Test(.enabled(if: InstalledProgram.isThere("zsh"))) func `zsh runs nothing of an Id`() async throws {
        let session = try await Self.session()
        let script = """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; print rea''dy"
            zpty -r shell text '*ready*'
            zpty -n -w shell $'keybell revoke \\t'
            zpty -r shell text '*plain-client*'
            print -r -- "$text"
            """
        let offered = try await Self.offered(by: ["zsh", "-f"], script, in: session)
        #expect(offered.contains("keybell revoke plain-client"))
        #expect(!Self.hasRun(session))
    }

    @Test(.enabled(if: InstalledProgram.isThere("fish"))) func `fish runs nothing of an Id`() async throws {
        let session = try await Self.session()
        // Without a terminal there is no cursor to tell of.
        let script = """
            source $argv[1]/_keybell
            function commandline
                if contains -- -tC $argv; echo 0; else; builtin commandline $argv; end
            end
            complete -C "keybell revoke "
            """
        let offered = try await Self.offered(by: ["fish", "--no-config"], script, in: session)
        #expect(offered == "plain-client\n")
        #expect(!Self.hasRun(session))
    }
}
