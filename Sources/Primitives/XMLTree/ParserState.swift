// SPDX-License-Identifier: Apache-2.0

import CLibXML2

/// A name as libxml2 reports it, in two parts, the first of which is mostly missing.
@unsafe struct QualifiedName {
    let prefix: UnsafePointer<xmlChar>?
    let local: UnsafePointer<xmlChar>?

    /// The name as it was written.
    var text: String {
        let local = unsafe local.map { unsafe String(cString: $0) } ?? ""
        guard let prefix = unsafe prefix else { return local }
        return unsafe String(cString: prefix) + ":" + local
    }
}

/// What the parser's events work on.
@unsafe struct ParserState {
    var builder: TreeBuilder
    let context: xmlParserCtxtPtr
    /// The numbers of the latest names by address: libxml2 keeps one copy of each name while it parses.
    private var cachedNames = [UInt](repeating: 0, count: 1024)
    private var cachedNumbers = [UInt32](repeating: 0, count: 1024)

    init(builder: TreeBuilder, context: xmlParserCtxtPtr) {
        unsafe self.builder = builder
        unsafe self.context = context
    }

    typealias Texts = UnsafeBufferPointer<UnsafePointer<xmlChar>?>

    /// Starts an element.
    /// - Parameters:
    ///   - name: Its name.
    ///   - namespaces: Two pointers for each declaration: prefix and address. To a document that is kept as it is
    ///     they are attributes like any other.
    ///   - attributes: Five pointers each: name, prefix, namespace, value and the value's end.
    mutating func start(_ name: QualifiedName, namespaces: Texts, attributes: Texts) {
        unsafe builder.start(number(of: name))
        unsafe builder.countNamespaces(namespaces.count / 2)
        guard unsafe builder.failure == nil else { return }
        for index in stride(from: 0, to: namespaces.count, by: 2) {
            let prefix = unsafe QualifiedName(prefix: nil, local: namespaces[index]).text
            let name = prefix.isEmpty ? "xmlns" : "xmlns:" + prefix
            unsafe builder.attribute(builder.number(of: name), terminated(namespaces[index + 1]))
        }
        for index in stride(from: 0, to: attributes.count, by: 5) {
            let name = unsafe QualifiedName(prefix: attributes[index + 1], local: attributes[index])
            guard let start = unsafe attributes[index + 3], let end = unsafe attributes[index + 4] else {
                continue
            }
            unsafe builder.attribute(number(of: name), UnsafeBufferPointer(start: start, count: end - start))
        }
    }

    /// The number of a name in the document.
    mutating func number(of name: QualifiedName) -> UInt32 {
        guard unsafe name.prefix == nil else { return unsafe builder.number(of: name.text) }
        let address = unsafe UInt(bitPattern: name.local)
        let slot = Int((address ^ address >> 10) & 1023)
        if address != 0, unsafe cachedNames[slot] == address { return unsafe cachedNumbers[slot] }
        let number = unsafe builder.number(of: name.text)
        unsafe cachedNames[slot] = address
        unsafe cachedNumbers[slot] = number
        return number
    }
}

/// The bytes of a text that ends with a zero, without it.
@unsafe func terminated(_ bytes: UnsafePointer<xmlChar>?) -> UnsafeBufferPointer<UInt8> {
    guard let bytes = unsafe bytes else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeBufferPointer(start: bytes, count: Int(xmlStrlen(bytes)))
}
