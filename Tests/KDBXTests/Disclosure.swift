// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Secrecy
import Testing
import XMLTree

@testable import KDBX

/// Everything that is in a database, with its secrets in the open: what must survive being written and read.
struct Disclosure: Equatable {
    let text: [String]
    let binaries: [[UInt8]]

    init(_ database: Database) throws {
        var document = database.document
        let seal = SecretSeal()
        for element in document.elements(under: document.root, where: { document.isOpaque($0) }) {
            let opened = seal.open(document.content(of: element))
            let secret = try #require(opened)
            document.setContent(of: element, to: secret.withSpan { span in span.indices.map { span[$0] } })
        }
        // It is the one thing that has to differ.
        if let hash = document.descendant(of: document.root, "Meta", "HeaderHash") { document.remove(hash) }
        text = String(decoding: document.serialized(), as: UTF8.self).split(separator: "><").map(String.init)
        binaries = database.innerHeader.binaries.map { [$0.flags] + $0.bytes(seal) }
    }
}
