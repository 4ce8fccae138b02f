// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import XMLTree

/// The values that are sealed under a key of the process while they are in memory.
///
/// Those are the ones that the file encrypts once more (`Protected="True"`), and all others that may be private: every
/// string of an entry but its title, user name and URL, notes, custom data and what attachments hold. In a document in
/// memory their elements are opaque, holding what `SecretSeal` made of the value; `Protected` only matters in the file,
/// where such a value is base64 of the inner stream's bytes.
enum ProtectedValues {
    static func isProtected(_ element: Element, in document: Document) -> Bool {
        guard let value = document.attribute("Protected", of: element) else { return false }
        // What KeePass writes comes first; others differ in spelling.
        return value == "True" || value == "true" || value == "1"
    }

    /// What an element holds, opened if it is sealed; nil for what this process has not sealed.
    static func secret(in element: Element, of document: Document) -> SecretBytes? {
        guard document.isOpaque(element) else { return SecretBytes(copying: document.content(of: element)) }
        return SealOpener().open(document.content(of: element))
    }

    /// Decrypts the protected values of a document that has just been read, and seals them and the other private ones.
    static func seal(in document: inout Document, _ stream: InnerStream) throws(KDBXError) {
        let cipher = try stream.start()
        let seal = SecretSeal()
        var privacy = Privacy(document)
        let elements = document.elements(under: document.root) { element in
            document.hasAttributes(element) && isProtected(element, in: document)
                || privacy.isPrivate(element, in: document)
        }
        for element in elements {
            if Task.isCancelled { throw .cancelled }
            guard isProtected(element, in: document) else {
                var bytes = Array(document.content(of: element))
                document.setOpaqueContent(of: element) { content in seal.seal(bytes, onto: &content) }
                bytes.wipe()
                continue
            }
            guard document.hasNoChildren(element), var bytes = Base64.decode(document.content(of: element))
            else {
                throw .damaged(.protectedValue)
            }
            do throws(CipherError) { try cipher.apply(to: &bytes) } catch { throw .failed }
            document.setOpaqueContent(of: element) { content in seal.seal(bytes, onto: &content) }
            bytes.wipe()
        }
    }

    /// The document as text, with all protected values encrypted by a stream.
    /// - Throws: `unwritable` where another value has characters that XML can't have: none is ever left out.
    static func text(of document: Document, _ stream: InnerStream) throws(KDBXError) -> [UInt8] {
        let cipher = try stream.start()
        let seal = SecretSeal()
        do throws(XMLError) {
            return try document.serialized { (element) throws(XMLError) -> [UInt8]? in
                guard let secret = seal.open(document.content(of: element)) else { throw .sealed }
                var bytes = secret.withSpan { span in span.indices.map { span[$0] } }
                guard isProtected(element, in: document) else { return bytes }
                // Encrypted in place: the plain bytes are gone from this array.
                do throws(CipherError) { try cipher.apply(to: &bytes) } catch { throw .sealed }
                return Base64.encodedBytes(bytes)
            }
        } catch {
            throw KDBXError(error)
        }
    }
}

/// Which values are private though the file doesn't protect them.
private struct Privacy {
    private let value: Name?
    private let notes: Name?
    private let binary: Name?
    private let string: Name?
    private let key: Name?
    /// The string that was last looked at, which can have any number of values.
    private var last: (string: Element, isPublic: Bool)?

    init(_ document: Document) {
        value = document.find("Value")
        notes = document.find("Notes")
        binary = document.find("Binary")
        string = document.find("String")
        key = document.find("Key")
    }

    mutating func isPrivate(_ element: Element, in document: Document) -> Bool {
        // Nothing at all is no secret.
        guard
            isNamed(element, notes, document) || isNamed(element, binary, document)
                || isNamed(element, value, document), document.hasNoChildren(element),
            !document.content(of: element).isEmpty
        else { return false }
        guard isNamed(element, value, document), let parent = document.parent(of: element),
            isNamed(parent, string, document)
        else { return true }
        if let last, last.string == parent { return !last.isPublic }
        let name = document.child(of: parent, named: key)
        let isPublic = name.map { Self.isPublic(document.content(of: $0)) } ?? false
        last = (parent, isPublic)
        return !isPublic
    }

    /// Whether a string is one that is shown to the person and compared with pages.
    private static func isPublic(_ name: ArraySlice<UInt8>) -> Bool {
        name.elementsEqual("Title".utf8) || name.elementsEqual("UserName".utf8)
            || name.elementsEqual("URL".utf8)
    }

    private func isNamed(_ element: Element, _ name: Name?, _ document: Document) -> Bool {
        name != nil && document.isNamed(element, name)
    }
}
