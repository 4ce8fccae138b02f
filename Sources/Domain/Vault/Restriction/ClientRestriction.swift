// SPDX-License-Identifier: Apache-2.0

import DisplayText
import UnicodeText

/// The vaults, groups and hosts that a client is restricted to: whatever isn't in all three doesn't exist for it.
///
/// A list that is empty restricts nothing.
package struct ClientRestriction: Hashable, Sendable {
    /// The vaults' names; new logins go into the first one.
    package let vaults: [String]
    /// The groups' paths; new logins go into the first one.
    package var groups: [String] { paths.map { $0.joined(separator: "/") } }
    /// The hosts, each as ``HostPattern`` writes it.
    package var hosts: [String] { patterns.map(\.text) }
    /// Whether nobody knows what it says, so that nothing is in it.
    package let isUnreadable: Bool
    /// The names in the groups' paths.
    private let paths: [[String]]
    private let patterns: [HostPattern]

    /// Everything, as for most clients.
    package static let everything = ClientRestriction(isUnreadable: false)
    /// Nothing: what the client was restricted to can't be read.
    package static let unreadable = ClientRestriction(isUnreadable: true)

    /// How many names each list may have.
    package static let mostNames = 64
    /// How long a group's path may be, in bytes of UTF-8.
    package static let longestPath = 1024

    private init(isUnreadable: Bool) {
        (vaults, paths, patterns) = ([], [], [])
        self.isUnreadable = isUnreadable
    }

    /// Restricts to what is in all of these; in whatever form they are given, names are compared in NFC.
    ///
    /// - Parameters:
    ///   - vaults: The vaults' names.
    ///   - groups: The groups, by their paths with or without the root group's name; what lies in a group's groups is in it.
    ///   - hosts: The hosts: `example.com` is just that one, `*.example.com` that one and all below it.
    /// - Throws: What is wrong with one of them.
    package init(
        vaults: [String] = [],
        groups: [String] = [],
        hosts: [String] = []
    ) throws(RestrictionError) {
        guard max(vaults.count, groups.count, hosts.count) <= Self.mostNames else { throw .tooMany }
        var (names, paths, patterns): ([String], [[String]], [HostPattern]) = ([], [], [])
        for vault in vaults {
            guard let name = PlainName(vault)?.text else { throw .badVault(vault) }
            if !names.contains(name) { names.append(name) }
        }
        for group in groups {
            guard let path = Self.path(group) else { throw .badGroup(group) }
            if !paths.contains(path) { paths.append(path) }
        }
        for host in hosts {
            let pattern = try HostPattern(host)
            if !patterns.contains(pattern) { patterns.append(pattern) }
        }
        (self.vaults, self.paths, self.patterns) = (names, paths, patterns)
        isUnreadable = false
    }

    /// Whether it restricts nothing.
    package var isEverything: Bool {
        !isUnreadable && vaults.isEmpty && paths.isEmpty && patterns.isEmpty
    }

    /// Whether whatever is in it is in another one for certain: it names nothing that the other doesn't.
    package func isWithin(_ other: ClientRestriction) -> Bool {
        func isPart<Name: Equatable>(_ own: [Name], of others: [Name]) -> Bool {
            others.isEmpty || !own.isEmpty && own.allSatisfy(others.contains)
        }
        guard !isUnreadable, !other.isUnreadable else { return isUnreadable }
        return isPart(vaults, of: other.vaults) && isPart(paths, of: other.paths)
            && isPart(patterns, of: other.patterns)
    }

    /// Whether anything of a vault may be in it.
    package func admits(vault name: String) -> Bool {
        !isUnreadable && (vaults.isEmpty || vaults.contains { $0.hasSameBytes(as: name) })
    }

    /// Whether a login of an admitted vault is in it: it lies in one of the groups and belongs to one of the hosts.
    package func admits(_ login: Login) -> Bool {
        guard !isUnreadable else { return false }
        if !paths.isEmpty {
            guard let group = login.group, paths.contains(where: group.isWithin) else { return false }
        }
        return patterns.isEmpty || login.addresses.contains(where: covers)
    }

    /// Whether anything may be looked for that belongs to a page.
    package func admits(_ page: PageAddress) -> Bool {
        !isUnreadable && (patterns.isEmpty || patterns.contains { $0.covers(page) })
    }

    /// Why a draft may not be saved: what it makes of a login isn't in it, or is for a host that isn't.
    ///
    /// - Parameters:
    ///   - draft: What is to be saved.
    ///   - preview: What that would do.
    /// - Returns: A sentence; nil if it may.
    package func refusal(of draft: LoginDraft, _ preview: SavePreview) -> String? {
        guard !patterns.isEmpty else { return nil }
        let after = (preview.stored ?? Login(id: .random(), title: "")).changed(by: draft)
        let isCovered =
            after.addresses.contains(where: covers)
            && preview.newHosts.allSatisfy { host in
                FurtherURL(host).map { covers($0.address, $0.rule) } ?? false
            }
        return isCovered ? nil : Self.hostRefusal
    }

    /// What a client is told that would save a login for a host that it isn't to have.
    package static let hostRefusal =
        "This client is restricted to some hosts (`keybell clients` lists them), and may save logins for no other."

    /// What a client is told that would save a login where nothing is that it may see.
    package static let vaultRefusal =
        "None of the vaults that this client is restricted to is there (`keybell clients` lists them)."

    private func covers(_ belonging: Login.Belonging) -> Bool { covers(belonging.address, belonging.rule) }

    private func covers(_ address: PageAddress, _ rule: AddressRule) -> Bool {
        patterns.contains { $0.covers(address, rule) }
    }

    /// The names in a group's path; slashes too many don't matter.
    private static func path(_ text: String) -> [String]? {
        guard text.utf8.count <= longestPath, !StorableText.isBroken(text), !text.utf8.contains(0x0A) else {
            return nil
        }
        let names = LoginGroup.names(in: text.composed)
        return names.isEmpty ? nil : names
    }
}

/// Why something can't be what a client is restricted to.
package enum RestrictionError: Error, Hashable, Sendable {
    /// No vault can have this name.
    case badVault(String)
    /// No group can have this path.
    case badGroup(String)
    /// This is no host.
    case badHost(String)
    /// This would be for the hosts of many owners.
    case tooWide(String)
    /// There are more names than a restriction has.
    case tooMany

    /// A sentence that tells a person what to do.
    package var advice: String {
        switch self {
        case .badVault(let name): "No vault can have the name \(PlainText.quoted(name))."
        case .badGroup(let path):
            "No group can have the path \(PlainText.quoted(path)): it is written like Work/Servers, without line breaks."
        case .badHost(let text):
            "\(PlainText.quoted(text)) is no host: write example.com for just that one or *.example.com for all of its, without a scheme, a port or a path."
        case .tooWide(let text):
            "\(PlainText.quoted(text)) is for the hosts of many owners: name a domain that belongs to one, such as *.example.com."
        case .tooMany: "At most \(ClientRestriction.mostNames) vaults, groups and hosts can be named, each."
        }
    }
}
