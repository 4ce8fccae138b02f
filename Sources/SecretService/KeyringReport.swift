// SPDX-License-Identifier: Apache-2.0

import DBus
import Kernel

/// What `keybell doctor` tells of the keyring.
package struct KeyringReport: Hashable, Sendable {
    /// How the collection stands.
    package var state: CollectionState
    /// The provider's unique bus name.
    package var owner: String?
    /// The provider's process.
    package var pid: Int32?
    /// The provider's executable, where it can be read.
    package var executable: String?
    /// The collection's path.
    package var collection: String?
    /// The collection's label.
    package var label: String?
    /// What went wrong, if anything did.
    package var error: KeyringError?
}

extension Keyring {
    /// Looks at provider and collection, as far as one gets without asking the person.
    package func doctor() async -> KeyringReport {
        var report = KeyringReport(state: .noProvider)
        do throws(KeyringError) {
            let owner = try await provider()
            report.owner = owner
            // Where the bus can't tell the process, the report says less.
            if let pid = try? await bus.credentials(of: owner).pid {
                report.pid = pid
                report.executable = ProcessTable.executable(of: pid)
            }
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
        } catch {
            report.error = error
        }
        return report
    }
}
