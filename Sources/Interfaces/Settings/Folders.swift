// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Where Keybell's files are, by the XDG Base Directory Specification.
package struct Folders: Equatable, Sendable {
    /// The home folder, an absolute path.
    package let home: String
    /// `$XDG_CONFIG_HOME/keybell`.
    package let configuration: String
    /// `$XDG_CONFIG_HOME/systemd/user`: the person's own units and drop-ins.
    package let userUnits: String
    /// `$XDG_STATE_HOME/keybell`; whoever writes there makes it, with mode 0700.
    package let state: String

    /// Finds them in an environment; variables that aren't absolute paths are ignored, as the specification says.
    ///
    /// Without a `HOME` it is the account's home folder.
    package init(environment: [String: String], accountHome: @autoclosure () -> String) {
        func absolute(_ name: String) -> String? {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        home = absolute("HOME") ?? accountHome()
        let configurations = absolute("XDG_CONFIG_HOME") ?? home + "/.config"
        configuration = configurations + "/keybell"
        userUnits = configurations + "/systemd/user"
        state = (absolute("XDG_STATE_HOME") ?? home + "/.local/state") + "/keybell"
    }

    /// Those of this process.
    package static func ofProcess() -> Folders {
        // Foundation asks getpwuid where the environment has no HOME.
        Folders(
            environment: ProcessInfo.processInfo.environment,
            accountHome: FileManager.default.homeDirectoryForCurrentUser.path
        )
    }

    /// The configuration file, unless `--config` names another.
    package var configurationFile: String { configuration + "/config.toml" }

    /// Replaces a leading `~` or `~/` by the home folder.
    func expanding(_ path: String) -> String {
        path == "~" ? home : path.hasPrefix("~/") ? home + path.dropFirst() : path
    }
}
