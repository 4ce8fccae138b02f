// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import Linux
import Settings

/// What a command needs to know to be the daemon's client.
struct ServingSettings: Equatable, Sendable {
    /// The port of the protocol.
    var port: UInt16
    /// The keyring's collection, as `[keyring] collection` names it.
    var collection: String

    /// Those that are in force where a daemon runs, whatever its file says by now; else those of the file.
    ///
    /// - Parameters:
    ///   - path: The file that was named; nil for the running daemon's own or, without one, the usual one.
    ///   - state: What the daemon says of its configuration; nil where that is unknown.
    /// - Returns: The settings.
    /// - Throws: What is wrong with the file.
    static func find(
        _ path: String?,
        _ state: ConfigurationDetails?
    ) throws(ConsoleError) -> ServingSettings {
        if let state, let serving = state.serving, state.isOf(path) { return serving }
        let configuration = try Configuration.forCommand(path)
        return ServingSettings(
            port: UInt16(clamping: configuration.http.port),
            collection: configuration.keyring.collection
        )
    }
}

extension ServingSettings {
    /// Reads them from what the daemon says of its configuration.
    init?(_ details: [String: Value]) {
        typealias Key = ConfigurationInterface.Key
        guard let port = details[Key.port]?.asUInt32.flatMap({ UInt16(exactly: $0) }), port > 0,
            let collection = details[Key.collection]?.asString
        else { return nil }
        self.init(port: port, collection: collection)
    }
}

extension ConfigurationDetails {
    /// Whether they are of this file; nil stands for whichever the daemon has.
    func isOf(_ path: String?) -> Bool {
        guard let path, path != file else { return true }
        guard let identity = FileIdentity(of: path) else { return false }
        return identity == FileIdentity(of: file)
    }
}
