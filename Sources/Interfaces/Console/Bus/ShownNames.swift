// SPDX-License-Identifier: Apache-2.0

import Audit
import BusInterface
import DBus

/// What the person calls the clients that have another name than their Id.
struct ShownNames: Sendable {
    private var names: [String: String] = [:]

    /// Reads the daemon's list of clients.
    init(_ clients: [[String: Value]]) {
        typealias Key = ClientsInterface.Key
        for client in clients {
            let (id, name) = (client.cleanText(Key.id), client.cleanText(Key.name))
            if !name.isEmpty, name != id { names[id] = name }
        }
    }

    /// The record with its client's name, if it has one.
    func naming(_ record: AuditRecord) -> AuditRecord {
        var record = record
        record.clientName = record.fields[.client].flatMap { names[$0] }
        return record
    }
}
