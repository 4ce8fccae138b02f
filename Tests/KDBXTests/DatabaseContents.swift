// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing
import XMLTree

@testable import KDBX

/// Everything that is in a database, with its secrets in the open: what must survive being written and read.
struct DatabaseContents: Equatable {
    let text: [String]
    let binaries: [[UInt8]]

    init(_ database: Database) throws {
        var database = database
        // It is the one thing that has to differ.
        if let hash = database.document.descendant(of: database.document.root, "Meta", "HeaderHash") {
            database.document.remove(hash)
        }
        let seal = SecretSeal()
        text = try Self.xml(of: database).split(separator: "><").map(String.init)
        binaries = database.innerHeader.binaries.map { [$0.flags] + $0.bytes(seal) }
    }

    /// The document's text with all sealed values in the open.
    static func xml(of database: Database) throws -> String {
        var document = database.document
        let seal = SecretSeal()
        for element in document.elements(under: document.root, where: { document.isOpaque($0) }) {
            let opened = seal.open(document.content(of: element))
            let secret = try #require(opened)
            document.setContent(of: element, to: secret.withSpan { span in span.indices.map { span[$0] } })
        }
        return String(decoding: try document.serialized(), as: UTF8.self)
    }
}
