// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Python with packages of PyPI in a throwaway folder, for programs of other people that ours must work with.
package final class PythonEnvironment: Sendable {
    /// Why there is none.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let folder: TemporaryFolder

    /// Makes the environment and installs packages in it.
    ///
    /// - Parameter packages: what to install, as `name==version`.
    /// - Throws: `Failure` where Python or PyPI can't do that.
    package init(with packages: [String]) async throws {
        folder = try TemporaryFolder()
        let made = try await ChildProcess.run("python3", ["-m", "venv", folder.path("env")])
        guard made.status == 0 else {
            throw Failure(description: "no Python environment (Debian: python3-venv): \(made)")
        }
        let installed = try await ChildProcess.run(
            folder.path("env/bin/pip"),
            ["install", "--quiet", "--no-input", "--disable-pip-version-check"] + packages,
            environment: Self.network.merging(["HOME": folder.path]) { $1 },
            within: .seconds(300)
        )
        guard installed.status == 0 else {
            throw Failure(description: "pip could not install \(packages): \(installed.errors)")
        }
    }

    /// Runs a script.
    ///
    /// - Parameters:
    ///   - script: the program text.
    ///   - arguments: its arguments.
    ///   - environment: its environment.
    ///   - limit: how long it may take.
    /// - Returns: what it printed, and its status.
    /// - Throws: `TimedOut`.
    package func run(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> ChildProcess.Report {
        try await ChildProcess.run(
            folder.path("env/bin/python"),
            ["-W", "ignore", "-c", script] + arguments,
            environment: environment,
            within: limit
        )
    }

    /// How this machine reaches PyPI.
    private static var network: [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            let name = name.uppercased()
            return name.hasPrefix("PIP_") || name.hasSuffix("_PROXY") || name.hasPrefix("SSL_CERT_")
        }
    }
}
