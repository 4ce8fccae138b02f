// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Secrecy
import XMLTree

/// The values that a file encrypts once more: sealed under a key of the process while they are in memory.
///
/// In a document in memory the content of an element with `Protected="True"` is what `SecretSeal` made of it; in the
/// file it is base64 of the inner stream's bytes.
enum ProtectedValues {
    static func isProtected(_ element: Element, in document: Document) -> Bool {
        guard let value = document.attribute("Protected", of: element) else { return false }
        // What KeePass writes comes first; others differ in spelling.
        return value == "True" || value == "true" || value == "1"
    }

    /// Decrypts all values of a document that has just been read, and seals them.
    static func seal(in document: inout Document, _ stream: InnerStream) throws(KDBXError) {
        let cipher = try stream.start()
        let seal = SecretSeal()
        for element in document.elementsWithAttributes(under: document.root)
        where isProtected(element, in: document) {
            guard document.hasNoChildren(element), var bytes = Base64.decode(document.content(of: element))
            else {
                throw .damaged(.protectedValue)
            }
            do throws(CipherError) { try cipher.apply(to: &bytes) } catch { throw .failed }
            document.setContent(of: element) { content in seal.seal(bytes, onto: &content) }
            wipe(&bytes)
        }
    }

    /// The document as text, with all values encrypted by a stream.
    static func text(of document: Document, _ stream: InnerStream) throws(KDBXError) -> [UInt8] {
        let cipher = try stream.start()
        let seal = SecretSeal()
        return try document.serialized { (element) throws(KDBXError) -> [UInt8]? in
            guard isProtected(element, in: document) else { return nil }
            guard let secret = seal.open(document.content(of: element)) else { throw .failed }
            var bytes = secret.withSpan { span in span.indices.map { span[$0] } }
            // Encrypted in place: the plain bytes are gone from this array.
            do throws(CipherError) { try cipher.apply(to: &bytes) } catch { throw .failed }
            return Base64.encodedBytes(bytes)
        }
    }
}
