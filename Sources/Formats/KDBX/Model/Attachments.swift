// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Gzip
import SecureMemory
import XMLTree

// Where attachments lie. An entry has `<Binary><Key>name</Key><Value Ref="3"/></Binary>`: in version 4 the number
// counts the inner header's binaries, in version 3 it is the ID of an element in `Meta/Binaries`. Some writers of
// version 3 put the content right into the Value.

extension Database {
    /// What the Value of an entry's Binary stands for; nil if it stands for nothing.
    ///
    /// - Parameters:
    ///   - value: The Value.
    ///   - budget: What may still come out of compressed ones; less afterwards.
    /// - Returns: What it holds.
    func attachment(at value: Element, _ budget: inout InflationBudget) -> Attachment? {
        guard let reference = document.attribute("Ref", of: value) else { return content(of: value, &budget) }
        guard version.isModern else {
            return binaryPlaces[Array(reference.utf8)].flatMap { content(of: $0, &budget) }
        }
        guard let number = Int(reference), innerHeader.binaries.indices.contains(number) else { return nil }
        return Attachment(innerHeader.binaries[number].bytes(SecretSeal()))
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
    fileprivate func content(of element: Element, _ budget: inout InflationBudget) -> Attachment? {
        guard let secret = secret(in: element) else { return nil }
        let bytes = secret.withSpan { span in span.indices.map { span[$0] } }
        // A protected one is bytes by now; what isn't protected is still the text of the file.
        let isText = !ProtectedValues.isProtected(element, in: document)
        let stored = isText ? Base64.decode(bytes[...]) : bytes
        // An empty one is not compressed, whatever the attribute says.
        let isCompressed = document.attribute("Compressed", of: element)?.lowercased() == "true"
        guard let stored, !stored.isEmpty, isCompressed else { return stored.map { Attachment($0) } }
        guard let bytes = budget.inflate(stored) else { return Attachment(stored, isCompressed: true) }
        return Attachment(bytes)
    }

    fileprivate mutating func append(binary attachment: Attachment, id: Int) {
        let meta = meta ?? document.append("Meta", to: document.root)
        let binaries = document.child(of: meta, named: "Binaries") ?? document.append("Binaries", to: meta)
        let binary = document.append("Binary", to: binaries)
        let seal = SecretSeal()
        document.setOpaqueContent(of: binary) { seal.seal(Base64.encodedBytes(attachment.bytes), onto: &$0) }
        document.setAttribute("ID", of: binary, to: String(id))
        if attachment.isCompressed { document.setAttribute("Compressed", of: binary, to: "True") }
        binaryPlaces[Array(String(id).utf8)] = binary
    }
}

/// What an attachment holds.
struct Attachment: Sendable {
    let bytes: [UInt8]
    /// Whether they are still compressed: broken, or more than the budget allowed.
    let isCompressed: Bool

    init(_ bytes: [UInt8], isCompressed: Bool = false) {
        self.bytes = bytes
        self.isCompressed = isCompressed
    }
}

/// How much may come out of all compressed attachments of a database together, in one reading or merge.
struct InflationBudget: Sendable {
    private var left: Int
    /// The most that deflate can make from a byte.
    private static let steepest = 1032

    init(_ bytes: Int) { left = bytes }

    /// What compressed bytes become; nil if they are broken or the budget doesn't allow it, which both costs as well.
    mutating func inflate(_ bytes: [UInt8]) -> [UInt8]? {
        guard left > 0 else { return nil }
        do throws(GzipError) {
            let inflated = try GzipStream.decompress(bytes, limit: left)
            left -= inflated.count
            return inflated
        } catch {
            left -= min(left, bytes.count.multipliedReportingOverflow(by: Self.steepest).partialValue)
            return nil
        }
    }
}

/// A database's attachments by what they hold, each looked at once.
struct AttachmentIndex {
    private var references: [[UInt8]: String] = [:]
    private var highest = -1

    init(of database: Database) {
        guard database.version.isModern else {
            var budget = database.inflationBudget
            for (id, binary) in database.binaryPlaces.sorted(by: { $0.value.index < $1.value.index }) {
                let name = String(decoding: id, as: UTF8.self)
                highest = max(highest, min(Int(name) ?? -1, 1 << 32))
                guard let content = database.content(of: binary, &budget) else { continue }
                note(name, content)
            }
            return
        }
        let seal = SecretSeal()
        for (number, binary) in database.innerHeader.binaries.enumerated() {
            note(String(number), Attachment(binary.bytes(seal)))
        }
    }

    mutating func reference(to attachment: Attachment, in database: inout Database) -> String {
        let digest = Self.digest(attachment)
        if let known = references[digest] { return known }
        let reference: String
        if database.version.isModern {
            reference = String(database.innerHeader.append(Binary(flags: 1, attachment.bytes, SecretSeal())))
        } else {
            highest += 1
            database.append(binary: attachment, id: highest)
            reference = String(highest)
        }
        references[digest] = reference
        return reference
    }

    private mutating func note(_ reference: String, _ content: Attachment) {
        let digest = Self.digest(content)
        if references[digest] == nil { references[digest] = reference }
    }

    private static func digest(_ attachment: Attachment) -> [UInt8] {
        Digest.sha256(attachment.bytes) + [attachment.isCompressed ? 1 : 0]
    }
}
