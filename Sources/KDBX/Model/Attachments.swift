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
        guard version.isModern else {
            return binaryPlaces[Array(reference.utf8)].flatMap { content(of: $0) }
        }
        guard let number = Int(reference), innerHeader.binaries.indices.contains(number) else { return nil }
        return innerHeader.binaries[number].bytes(SecretSeal())
    }

    /// Finds or adds what an attachment of another database holds, and gives the reference to it.
    mutating func reference(to bytes: [UInt8]) -> String {
        var index = AttachmentIndex(of: self)
        return index.reference(to: bytes, in: &self)
    }

    /// Where version 3 has its attachments, by their IDs; of two with one ID the first counts.
    func foundBinaries() -> [[UInt8]: Element] {
        guard !version.isModern, let meta, let list = document.child(of: meta, named: "Binaries") else {
            return [:]
        }
        var places: [[UInt8]: Element] = [:]
        for binary in document.children(of: list, named: "Binary") {
            guard let id = document.attribute("ID", of: binary).map({ Array($0.utf8) }), places[id] == nil
            else { continue }
            places[id] = binary
        }
        return places
    }

    /// What an element with an attachment in it holds.
    fileprivate func content(of element: Element) -> [UInt8]? {
        guard let secret = secret(in: element) else { return nil }
        let bytes = secret.withSpan { span in span.indices.map { span[$0] } }
        // A protected one is bytes by now; what isn't protected is still the text of the file.
        let isText = !ProtectedValues.isProtected(element, in: document)
        let stored = isText ? Base64.decode(bytes[...]) : bytes
        // An empty one is not compressed, whatever the attribute says.
        let isCompressed = document.attribute("Compressed", of: element)?.lowercased() == "true"
        guard let stored, !stored.isEmpty, isCompressed
        else { return stored }
        let limit = Limits().inflated(from: stored.count)
        return try? GzipStream.decompress(stored, limit: limit)  // broken: none
    }

    fileprivate mutating func append(binary bytes: [UInt8], id: Int) {
        let meta = meta ?? document.append("Meta", to: document.root)
        let binaries = document.child(of: meta, named: "Binaries") ?? document.append("Binaries", to: meta)
        let binary = document.append("Binary", to: binaries)
        let seal = SecretSeal()
        document.setOpaqueContent(of: binary) { seal.seal(Base64.encodedBytes(bytes), onto: &$0) }
        document.setAttribute("ID", of: binary, to: String(id))
        binaryPlaces[Array(String(id).utf8)] = binary
    }
}

/// A database's attachments by what they hold, each looked at once.
struct AttachmentIndex {
    private var references: [[UInt8]: String] = [:]
    private var highest = -1

    init(of database: Database) {
        guard database.version.isModern else {
            for (id, binary) in database.binaryPlaces.sorted(by: { $0.value.index < $1.value.index }) {
                let name = String(decoding: id, as: UTF8.self)
                highest = max(highest, min(Int(name) ?? -1, 1 << 32))
                guard let content = database.content(of: binary) else { continue }
                note(name, content)
            }
            return
        }
        let seal = SecretSeal()
        for (number, binary) in database.innerHeader.binaries.enumerated() {
            note(String(number), binary.bytes(seal))
        }
    }

    mutating func reference(to bytes: [UInt8], in database: inout Database) -> String {
        let digest = Digest.sha256(bytes)
        if let known = references[digest] { return known }
        let reference: String
        if database.version.isModern {
            reference = String(database.innerHeader.append(Binary(flags: 1, bytes, SecretSeal())))
        } else {
            highest += 1
            database.append(binary: bytes, id: highest)
            reference = String(highest)
        }
        references[digest] = reference
        return reference
    }

    private mutating func note(_ reference: String, _ content: [UInt8]) {
        let digest = Digest.sha256(content)
        if references[digest] == nil { references[digest] = reference }
    }
}
