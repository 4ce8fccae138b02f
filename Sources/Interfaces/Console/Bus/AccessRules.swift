// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText
import Operations

/// When clients are asked about: what is in force in the daemon, whatever the file says by now.
struct AccessRules: Equatable, Sendable {
    typealias Ask = ClientRules.AccessAsk

    /// For all but the exceptions.
    var standard = Ask.unlessGranted
    /// By Id in NFC.
    var exceptions: [String: Ask] = [:]

    /// The rule for a client, in whatever form its Id is written.
    subscript(id: String?) -> Ask {
        id.flatMap { PlainName(cleaning: $0) }.flatMap { exceptions[$0.text] } ?? standard
    }
}

extension AccessRules {
    /// Reads the daemon's; nil where any of it isn't known here.
    init?(_ details: [String: Value]) {
        typealias Key = ConfigurationInterface.Key
        guard let standard = Ask(details[Key.access]), let clients = details[Key.clientAccess]?.vardict else {
            return nil
        }
        self.init(standard: standard)
        for (id, value) in clients {
            guard let ask = Ask(value) else { return nil }
            exceptions[id] = ask
        }
    }
}

extension ClientRules.AccessAsk {
    fileprivate init?(_ value: Value?) {
        guard let word = value?.asString else { return nil }
        self.init(rawValue: word)
    }
}
