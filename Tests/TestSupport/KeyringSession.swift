// SPDX-License-Identifier: Apache-2.0

/// A session of a test's own with a real keyring in it, and `secret-tool` as the program from outside.
package struct KeyringSession: Sendable {
    /// The session's bus.
    package let bus: PrivateBus
    /// The keyring, its default collection unlocked.
    package let gnome: GnomeKeyring

    /// Starts bus and keyring.
    ///
    /// - Parameter logins: How many logins there are in the keyring already.
    /// - Throws: `TimedOut` where one of them doesn't come up.
    package init(logins: Int = 0) async throws {
        bus = try await PrivateBus()
        if logins > 0 { try KeyringFile.write(logins: logins, for: bus) }
        gnome = try await GnomeKeyring(on: bus)
        if logins > 0 { try await gnome.openWithoutPassword() }
    }

    /// Runs `secret-tool` to its end.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - input: What it reads, the secret for `store`.
    /// - Returns: What it printed, and its status.
    /// - Throws: What keeps it from running.
    @discardableResult
    package func secretTool(_ arguments: [String], input: String = "") async throws -> ChildProcess.Report {
        try await ChildProcess.run("secret-tool", arguments, environment: bus.environment, input: input)
    }

    /// Stores an item as a person would from a shell.
    package func storeOutside(
        _ label: String,
        _ attributes: [String: String],
        secret: String,
        collection: String = "default"
    ) async throws {
        let pairs = attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let arguments = ["store", "--label=\(label)", "--collection=\(collection)"] + pairs
        let report = try await secretTool(arguments, input: secret)
        guard report.status == 0 else { throw TimedOut(description: "secret-tool store: \(report.errors)") }
    }

    /// Reads a secret as a person would from a shell; nil if there is none.
    package func lookUpOutside(_ attributes: [String: String]) async throws -> String? {
        let pairs = attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let report = try await secretTool(["lookup"] + pairs)
        return report.status == 0 ? report.output : nil
    }
}
