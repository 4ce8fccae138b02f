// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// Checks the configuration file, the running daemon's own where one runs.
enum ConfigurationCheck {
    /// The configuration, and what there is to say about its file.
    static func read(_ path: String?) -> (Configuration, Finding) {
        let file = path ?? Folders.ofProcess().configurationFile
        do throws(ConfigurationError) {
            guard let found = try Configuration.loadIfThere(path: path) else {
                return (Configuration(), .ok("Configuration", "no \(file): every default holds"))
            }
            return (found, .ok("Configuration", "nothing wrong in \(file)"))
        } catch {
            let finding = Finding.failure(
                "Configuration",
                error.description,
                do: "Correct it; keybelld doesn't start like this."
            )
            return (Configuration(), finding)
        }
    }

    /// What should be put right about the files that the configuration names.
    static func advice(_ configuration: Configuration) -> [Finding] {
        configuration.advice(
            folders: .ofProcess(),
            path: ProcessInfo.processInfo.environment["PATH"] ?? "",
            now: Int64(clamping: Moment.now())
        ).map { .warning("Configuration", "\($0.key): \($0.text)", do: $0.cure) }
    }

    /// Whether the running daemon goes by what the file says; a mistake in the file has been reported already.
    static func findings(_ state: ConfigurationDetails?) -> [Finding] {
        (state?.remarks ?? []).map { .warning("Configuration", $0.text, do: $0.cure) }
    }

    /// The file that a daemon with these arguments reads; nil for the usual one.
    static func file(in arguments: [String], folder: String?) -> String? {
        for (index, argument) in arguments.enumerated() {
            let value =
                argument == "--config"
                ? arguments.dropFirst(index + 1).first
                : argument.hasPrefix("--config=") ? String(argument.dropFirst("--config=".count)) : nil
            guard let value else { continue }
            return value.hasPrefix("/") ? value : folder.map { "\($0)/\(value)" }
        }
        return nil
    }
}
