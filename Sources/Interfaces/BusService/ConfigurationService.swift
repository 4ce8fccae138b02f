// SPDX-License-Identifier: Apache-2.0

/// Reads the configuration and says how it stands, for the objects on the bus.
package protocol ConfigurationService: Sendable {
    /// Reads the file anew and puts what changed in force.
    func reload() async throws(ReloadError) -> ReloadReport
    /// How the configuration in force stands to the file.
    func state() async -> ConfigurationState
    /// Tells, from now on, that another configuration is in force.
    func changes() -> AsyncStream<Void>
}

/// What came of reading the configuration anew.
package struct ReloadReport: Equatable, Sendable {
    /// The tables that have become others, such as `[access]`, in the file's order; none where nothing has.
    package var changed: [String]
    /// The keys whose new values take effect after a restart.
    package var afterRestart: [String]

    /// Describes it.
    package init(changed: [String], afterRestart: [String]) {
        self.changed = changed
        self.afterRestart = afterRestart
    }
}

/// Why the configuration in force stayed: a mistake, as it is told to the person.
package struct ReloadError: Error, Equatable, Sendable {
    /// The file, the place in it, and what is wrong.
    package let text: String

    /// Describes it.
    package init(_ text: String) {
        self.text = text
    }
}

/// How the configuration in force stands to the file.
package struct ConfigurationState: Equatable, Sendable {
    /// The file.
    package var file: String
    /// Whether what is in force is what the file says now.
    package var isCurrent: Bool
    /// What is wrong with the file.
    package var problem: String?
    /// The keys whose new values take effect after a restart.
    package var afterRestart: [String]
    /// The port that is served.
    package var port: Int
    /// The sockets that listen there, by the kernel's numbers.
    package var sockets: [UInt64]
    /// The keyring's collection, as `[keyring] collection` names it.
    package var collection: String
    /// Whether the built-in notifier shows requests.
    package var isNotifierOn: Bool
    /// Whether what the daemon starts has a display for its windows.
    package var hasDisplay: Bool
    /// When a client is asked about, as `[access] ask` says it.
    package var access: String
    /// The same by Id, for the clients of which something else is said.
    package var clientAccess: [String: String]
    /// The settings in force that do nothing as they are, each with what to do.
    package var useless: [String]

    /// Describes it.
    package init(
        file: String,
        isCurrent: Bool,
        problem: String? = nil,
        afterRestart: [String] = [],
        port: Int,
        sockets: [UInt64] = [],
        collection: String,
        isNotifierOn: Bool = true,
        hasDisplay: Bool = true,
        access: String = "",
        clientAccess: [String: String] = [:],
        useless: [String] = []
    ) {
        self.file = file
        self.isCurrent = isCurrent
        self.problem = problem
        self.afterRestart = afterRestart
        self.port = port
        self.sockets = sockets
        self.collection = collection
        self.isNotifierOn = isNotifierOn
        self.hasDisplay = hasDisplay
        self.access = access
        self.clientAccess = clientAccess
        self.useless = useless
    }
}
