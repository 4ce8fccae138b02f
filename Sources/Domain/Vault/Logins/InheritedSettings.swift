// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// What the groups around a login say about hosts and the realm; all logins of a vault share it.
package struct InheritedSettings: Sendable {
    private let hosts: GroupHosts
    private let group: Int
    /// The realm that the nearest of them names.
    package let realm: String?
    /// Everything that they say, the outermost first.
    private let digest: [UInt8]

    /// Whether one of them allows a host.
    func allows(_ host: String) -> Bool { hosts.allows(host, in: group) }

    /// Whether one of them denies a host.
    func denies(_ host: String) -> Bool { hosts.denies(host, in: group) }

    /// Works out what each group of a vault passes on.
    ///
    /// - Parameter groups: In the order of a walk, each group before those in it, with how many groups are around it.
    /// - Returns: In the same order what each passes on; nil where neither it nor one around it says anything.
    package static func of(_ groups: [(depth: Int, settings: EntrySettings?)]) -> [InheritedSettings?] {
        var speaking: [(numbers: Range<Int>, settings: EntrySettings)] = []
        /// Those of them that are around the group that is looked at, the outermost first.
        var around: [(index: Int, depth: Int, realm: String?, digest: [UInt8])] = []
        var facts: [(realm: String?, digest: [UInt8])?] = []
        facts.reserveCapacity(groups.count)
        for (number, group) in groups.enumerated() {
            while let last = around.last, last.depth >= group.depth {
                speaking[last.index].numbers = speaking[last.index].numbers.lowerBound..<number
                around.removeLast()
            }
            if let settings = group.settings, !settings.isEmpty {
                let outer = around.last
                let digest = digest(of: settings, in: outer?.digest ?? [])
                around.append((speaking.count, group.depth, settings.realm ?? outer?.realm, digest))
                speaking.append((number..<groups.count, settings))
            }
            facts.append(around.last.map { ($0.realm, $0.digest) })
        }
        guard !speaking.isEmpty else { return facts.map { _ in nil } }
        let hosts = GroupHosts(speaking)
        return facts.enumerated().map { number, fact in
            fact.map { InheritedSettings(hosts: hosts, group: number, realm: $0.realm, digest: $0.digest) }
        }
    }

    private static func digest(of settings: EntrySettings, in outer: [UInt8]) -> [UInt8] {
        let lists = [settings.allow.sorted(), settings.deny.sorted(), settings.realm.map { [$0] } ?? []]
        var bytes = outer
        for list in lists {
            bytes += Array("\(list.count):".utf8)
            for text in list { bytes += Array("\(text.utf8.count):".utf8) + Array(text.utf8) }
        }
        return Digest.sha256(bytes)
    }
}

/// The same is said wherever the group stands among the others.
extension InheritedSettings: Hashable {
    package static func == (left: InheritedSettings, right: InheritedSettings) -> Bool {
        left.digest == right.digest
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
