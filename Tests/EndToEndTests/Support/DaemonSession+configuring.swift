// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

// Configurations that take the place of the first one.
extension DaemonSession {
    /// A session with further lines in `[approval]`.
    convenience init(further: String) async throws {
        try await self.init(starting: false)
        try configure(approval: further)
        try await start()
    }

    /// Writes another configuration.
    ///
    /// - Parameters:
    ///   - port: Where it serves; nil for the port that it has.
    ///   - http: Further lines of `[http]`.
    ///   - approval: Further lines of `[approval]`.
    ///   - rest: Further tables.
    /// - Throws: What writing the file throws.
    func configure(
        port: Int? = nil,
        http: String = "",
        approval: String = "",
        _ rest: String = ""
    ) throws {
        let notifier = approval.contains("notifier") ? "" : "notifier = false\n"
        let text =
            "[http]\nport = \(port ?? self.port)\n\(http)\n[approval]\n\(notifier)\(approval)\n\(rest)\n"
        // At once: an empty file, as one that is being written is for a moment, is a good configuration.
        try Data(text.utf8).write(to: URL(filePath: configuration), options: .atomic)
    }

    /// Waits until so many questions wait.
    func waits(for count: Int) async throws {
        for _ in 0..<200 {
            if try await BusAnswerer(self).questions().count == count { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TestFailure("not \(count) questions: \(try daemon.soFar.errors)")
    }

    /// A table of a vault whose command notes in the folder that it was asked, and prints the password of `BuiltVault`.
    static func vault(
        _ name: String,
        _ path: String,
        _ folder: TemporaryFolder
    ) -> String {
        """
        [[vault]]
        kind = "kdbx"
        name = "\(name)"
        path = "\(path)"
        password_command = ["sh", "-c", "echo \(name) >>\(folder.path("asked")); echo demopass"]

        """
    }
}
