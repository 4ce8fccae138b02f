// SPDX-License-Identifier: Apache-2.0

import Foundation

/// git's own helper for the Secret Service, built from the source that comes with git.
package enum GitLibsecretHelper {
    private static let source =
        "/usr/share/doc/git/contrib/credential/libsecret/git-credential-libsecret.c"

    /// Whether it can be built here.
    package static var isBuildable: Bool {
        FileManager.default.fileExists(atPath: source) && InstalledProgram.isThere("gcc")
            && InstalledProgram.isThere("pkg-config")
    }

    /// Has git store a login by it, as at the end of a fetch that went well.
    ///
    /// - Parameters:
    ///   - credential: What git says of the login, a line each.
    ///   - bus: Where the keyring is, and the folder for the program.
    /// - Throws: `TimedOut` where it doesn't work.
    package static func store(_ credential: String, on bus: PrivateBus) async throws {
        let program = bus.folder.path("git-credential-libsecret")
        if !FileManager.default.fileExists(atPath: program) {
            let flags = "$(pkg-config --cflags --libs libsecret-1 glib-2.0)"
            try await run("sh", ["-c", "gcc -o '\(program)' '\(source)' \(flags)"], on: bus, input: "")
        }
        try await run(
            "git",
            [
                "-c", "credential.helper=\(program)", "-c", "credential.useHttpPath=true", "credential",
                "approve",
            ],
            on: bus,
            input: credential + "\n"
        )
    }

    private static func run(_ program: String, _ arguments: [String], on bus: PrivateBus, input: String)
        async throws
    {
        let report = try await ChildProcess.run(
            program,
            arguments,
            environment: bus.environment,
            input: input
        )
        guard report.status == 0 else { throw TimedOut(description: "\(program): \(report.errors)") }
    }
}
