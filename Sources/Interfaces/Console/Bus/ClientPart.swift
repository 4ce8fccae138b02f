// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import Vault

/// What a client is to be restricted to, as the person named it.
struct ClientPart: Equatable, Sendable {
    var vaults: [String] = []
    var groups: [String] = []
    var hosts: [String] = []

    var isEmpty: Bool { self == ClientPart() }

    /// The members of a dictionary for the bus; what isn't restricted isn't among them.
    var members: [String: Value] {
        typealias Part = ClientsInterface.Part
        let lists = [(Part.vaults, vaults), (Part.groups, groups), (Part.hosts, hosts)]
        return Dictionary(uniqueKeysWithValues: lists.filter { !$0.1.isEmpty }.map { ($0, .strings($1)) })
    }

    /// What a person calls it.
    var words: String { ClientRestriction.words(vaults: vaults, groups: groups, hosts: hosts) }
}
