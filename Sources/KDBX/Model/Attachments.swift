// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Gzip
import Secrecy
import XMLTree

// Where attachments lie. An entry has `<Binary><Key>name</Key><Value Ref="3"/></Binary>`: in version 4 the number
// counts the inner header's binaries, in version 3 it is the ID of an element in `Meta/Binaries`. Some writers of
// version 3 put the content right into the Value.

extension Database {
    /// What the Value of an entry's Binary stands for; nil if it stands for nothing.
    func attachment(at value: Element) -> [UInt8]? {
        guard let reference = document.attribute("Ref", of: value) else { return content(of: value) }
        guard version.isModern else { return storedBinary(reference).flatMap { content(of: $0) } }
        let binaries = innerHeader.binaries
        guard let number = Int(reference), binaries.indices.contains(number) else { return nil }
        return binaries[number].bytes(SecretSeal())
    }

    /// Finds or adds what an attachment of another database holds, and gives the reference to it.
    mutating func reference(to bytes: [UInt8]) -> String {
        guard version.isModern else { return referenceInMeta(to: bytes) }
        let seal = SecretSeal()
        if let number = innerHeader.binaries.firstIndex(where: { $0.bytes(seal) == bytes }) {
            return String(number)
        }
        return String(innerHeader.append(Binary(flags: 1, bytes, seal)))
    }

    private func storedBinary(_ reference: String) -> Element? {
        guard let meta, let binaries = document.child(of: meta, named: "Binaries") else { return nil }
        return document.children(of: binaries, named: "Binary").first {
            document.attribute("ID", of: $0) == reference
        }
    }

    private func content(of element: Element) -> [UInt8]? {
        let stored: [UInt8]?
        if ProtectedValues.isProtected(element, in: document) {
            stored = secret(in: element).map { secret in
                secret.withSpan { span in span.indices.map { span[$0] } }
            }
        } else {
            stored = Base64.decode(document.content(of: element))
        }
        // An empty one is not compressed, whatever the attribute says.
        let isCompressed = document.attribute("Compressed", of: element)?.lowercased() == "true"
        guard let stored, !stored.isEmpty, isCompressed
        else { return stored }
        return try? GzipStream.decompress(stored, limit: Limits().contentSize)  // broken: none
    }

    private mutating func referenceInMeta(to bytes: [UInt8]) -> String {
        let meta = meta ?? document.append("Meta", to: document.root)
        let binaries = document.child(of: meta, named: "Binaries") ?? document.append("Binaries", to: meta)
        var highest = -1
        for binary in document.children(of: binaries, named: "Binary") {
            guard let number = document.attribute("ID", of: binary) else { continue }
            if content(of: binary) == bytes { return number }
            highest = max(highest, min(Int(number) ?? -1, 1 << 32))
        }
        let binary = document.append("Binary", to: binaries, text: Base64.encode(bytes))
        document.setAttribute("ID", of: binary, to: String(highest + 1))
        return String(highest + 1)
    }
}
