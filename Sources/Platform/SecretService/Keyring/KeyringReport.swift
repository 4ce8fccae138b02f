// SPDX-License-Identifier: Apache-2.0

import DBus

/// What `keybell doctor` tells of the keyring.
package struct KeyringReport: Hashable, Sendable {
    /// The programs that are known to offer the Secret Service.
    package enum Program: String, Hashable, Sendable, CaseIterable {
        case gnomeKeyring = "gnome-keyring"
        case keePassXC = "KeePassXC"
        case kwallet = "KWallet"
    }

    /// How the collection stands.
    package var state: CollectionState
    /// The provider's unique bus name.
    package var owner: String?
    /// The provider's process.
    package var pid: Int32?
    /// The provider's executable, where it can be read.
    package var executable: String?
    /// What the kernel calls the provider's process, which it can change: where its executable can't be read, as of
    /// KeePassXC, which lets nobody look into it.
    package var command: String?
    /// The collection's path.
    package var collection: String?
    /// The collection's label.
    package var label: String?
    /// The names by which the configuration can call the collections that there are.
    package var others: [String] = []
    /// Whether the provider has no encrypted session.
    package var isUnencrypted = false
    /// How many items are locked by themselves, of those that were asked about.
    package var lockedItems = 0
    /// Whether nobody offers it, but the bus would start somebody.
    package var canBeStarted = false
    /// Programs that run and could offer the Secret Service, but nobody does.
    package var idle: [Program] = []
    /// What went wrong, if anything did.
    package var error: KeyringError?

    /// Describes a keyring.
    package init(state: CollectionState) {
        self.state = state
    }

    /// Whether the collection is gnome-keyring's `session`, which is kept in memory alone and gone with it.
    package var isVolatile: Bool { collection == Self.volatile && !keepsSessions }

    /// The collection that gnome-keyring keeps in memory alone.
    fileprivate static let volatile = "/org/freedesktop/secrets/collection/session"

    /// Whether the provider is one that keeps a collection of that name as any other.
    fileprivate var keepsSessions: Bool { [.keePassXC, .kwallet].contains(program) }

    /// The provider, if it is one of those that are known.
    package var program: Program? { Program(executable: executable, command: command) }

    /// What the provider is called where it is remembered.
    package var providerName: String? {
        owner.map { _ in ProviderProcess.name(executable: executable, command: command) }
    }
}

extension Keyring {
    /// Looks at provider and collection, as far as one gets without asking the person.
    ///
    /// - Parameter schemas: Whose items are looked at, if the collection is open.
    /// - Returns: What there is to tell.
    package func doctor(schemas: [String] = []) async -> KeyringReport {
        var report = KeyringReport(state: .noProvider)
        do throws(KeyringError) {
            guard let owner = try await owner() else { throw .noProvider }
            report.owner = owner
            let process = await ProviderProcess(owner, on: bus)
            (report.pid, report.executable, report.command) =
                (process.pid, process.executable, process.command)
            report.isUnencrypted = await isUnencrypted(owner)
            report.state = .noCollection
            let place = try await place()
            report.collection = place.collection.text
            report.state = place.isLocked ? .locked : .unlocked
            report.label = try await property(
                "Label",
                of: place.collection,
                interface: Names.collection,
                owner: owner
            ).asString
            if !place.isLocked { report.lockedItems = try await lockedItems(schemas, owner: owner) }
        } catch {
            report.error = error
        }
        switch report.state {
        case .noProvider:
            report.idle = await idlePrograms()
            report.canBeStarted = await canBeStarted()
        case .noCollection:
            report.others = await collectionNames(of: report.owner, sparingVolatile: !report.keepsSessions)
        case .locked, .unlocked: break
        }
        return report
    }

    private func isUnencrypted(_ owner: String) async -> Bool {
        do throws(KeyringError) {
            try await asked(owner) { [library] () async throws(KeyringError) in
                try await library.openSession(with: owner)
            }
            return false
        } catch {
            return error == .unencrypted
        }
    }

    private func lockedItems(_ schemas: [String], owner: String) async throws(KeyringError) -> Int {
        var count = 0
        for schema in schemas {
            for item in try await items(schema: schema) {
                guard let path = ObjectPath(item.path) else { continue }
                if try await isLocked(path, owner: owner) { count += 1 }
            }
        }
        return count
    }

    /// The last elements of the collections' paths: unlike a label, KeePassXC shows them while it is locked, too.
    private func collectionNames(of owner: String?, sparingVolatile: Bool) async -> [String] {
        guard let owner,
            // A provider that doesn't even say that has been reported already.
            let all = try? await property(
                "Collections",
                of: Names.root,
                interface: Names.service,
                owner: owner
            )
        else { return [] }
        // What is stored in one that is kept in memory alone is lost.
        let paths = (all.asArray ?? []).compactMap { $0.asObjectPath?.text }
            .filter { !(sparingVolatile && $0 == KeyringReport.volatile) }
        return paths.compactMap { $0.split(separator: "/").last.map(String.init) }
    }

    /// Programs with a bus name of their own that nevertheless don't offer the Secret Service.
    private func idlePrograms() async -> [KeyringReport.Program] {
        let names: [(String, KeyringReport.Program)] = [
            ("org.gnome.keyring", .gnomeKeyring), ("org.keepassxc.KeePassXC.MainWindow", .keePassXC),
            ("org.kde.kwalletd5", .kwallet), ("org.kde.kwalletd6", .kwallet),
        ]
        var found: [KeyringReport.Program] = []
        for (name, program) in names where !found.contains(program) {
            // A bus that can't tell has been reported already.
            if case .some(.some) = try? await bus.owner(of: name) { found.append(program) }
        }
        return found
    }
}
