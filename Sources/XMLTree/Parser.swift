// SPDX-License-Identifier: Apache-2.0

import CLibXML2

extension Document {
    /// Reads XML text in any encoding that libxml2 knows.
    ///
    /// The network is never touched and no file is opened. Character references and the five predefined entities are
    /// resolved; there can be no others, since a document type declaration is refused. Bytes behind the root element
    /// are passed over, as KeePass does.
    /// - Parameter bytes: The text.
    /// - Throws: `XMLError`.
    package init(parsing bytes: [UInt8]) throws(XMLError) {
        try self.init(parsing: bytes[...])
    }

    /// Reads XML text that is a part of something longer.
    package init(parsing bytes: ArraySlice<UInt8>) throws(XMLError) {
        var parser = try Parser(bytes)
        self = try parser.run()
    }
}

/// One run of libxml2 over a text, event by event; its memory is given back at the end of its scope.
@safe struct Parser: ~Copyable {
    private let context: xmlParserCtxtPtr
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) throws(XMLError) {
        guard let length = Int32(exactly: bytes.count), length < Int32.max / 2 else { throw .tooLarge }
        guard length > 0 else { throw .malformed(line: 1) }
        xmlInitParser()
        let made = unsafe bytes.withUnsafeBytes { buffer in
            unsafe xmlCreateMemoryParserCtxt(buffer.bindMemory(to: CChar.self).baseAddress, length)
        }
        guard let made = unsafe made else { throw .tooLarge }
        unsafe context = made
        self.bytes = bytes
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_HUGE.rawValue | XML_PARSE_NOCDATA.rawValue
        _ = unsafe xmlCtxtUseOptions(context, Int32(options))
    }

    deinit {
        unsafe xmlFreeDoc(context.pointee.myDoc)
        unsafe xmlFreeParserCtxt(context)
    }

    mutating func run() throws(XMLError) -> Document {
        // Each angle bracket begins one node at most, and ends one text.
        let brackets = unsafe bytes.withUnsafeBufferPointer { bytes in
            // Written so that it is done by many bytes at once.
            var count = 0
            for index in bytes.indices { unsafe count &+= bytes[index] == UInt8(ascii: "<") ? 1 : 0 }
            return count
        }
        var outcome: Result<Document, XMLError> = .failure(.tooLarge)
        var content: [UInt8] = []
        let nodes = unsafe [Document.Node](unsafeUninitializedCapacity: brackets * 2) { nodes, nodeCount in
            // Other encodings grow on their way to UTF-8. What is not used is never touched.
            unsafe content = [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { content, contentCount in
                let builder = unsafe TreeBuilder(nodes: nodes, content: content)
                var state = unsafe ParserState(builder: builder, context: context)
                unsafe outcome = run(&state)
                nodeCount = unsafe state.builder.nodeCount
                contentCount = unsafe state.builder.contentCount
            }
        }
        var document = try outcome.get()
        document.nodes = nodes
        document.content = content
        return document
    }

    @unsafe private func run(_ state: inout ParserState) -> Result<Document, XMLError> {
        unsafe context.pointee.sax.pointee = Self.handler
        unsafe withUnsafeMutablePointer(to: &state) { state in
            unsafe context.pointee.userData = UnsafeMutableRawPointer(state)
            _ = unsafe xmlParseDocument(context)
            unsafe context.pointee.userData = nil
        }
        if let failure = unsafe state.builder.failure { return .failure(failure) }
        guard unsafe state.builder.isComplete else {
            let error = unsafe xmlCtxtGetLastError(context)
            return .failure(.malformed(line: unsafe error.map { unsafe Int($0.pointee.line) } ?? 1))
        }
        return unsafe .success(state.builder.document)
    }

    /// The events that a tree is made of.
    ///
    /// There is no place for errors, so none is printed: what matters of them is
    /// that no event follows.
    private static var handler: xmlSAXHandler {
        var handler = unsafe xmlSAXHandler()
        unsafe handler.initialized = keybell_sax2_magic
        unsafe handler.internalSubset = { context, _, _, _ in
            unsafe state(context) { state in
                unsafe state.builder.documentType()
                unsafe xmlStopParser(state.context)
            }
        }
        unsafe handler.startElementNs = {
            context,
            name,
            prefix,
            _,
            scopes,
            namespaces,
            count,
            _,
            attributes in
            unsafe state(context) { state in
                unsafe state.start(
                    QualifiedName(prefix: prefix, local: name),
                    namespaces: UnsafeBufferPointer(start: namespaces, count: Int(scopes) * 2),
                    attributes: UnsafeBufferPointer(start: attributes, count: Int(count) * 5)
                )
                if unsafe state.builder.failure != nil { unsafe xmlStopParser(state.context) }
            }
        }
        unsafe handler.endElementNs = { context, _, _, _ in unsafe state(context) { unsafe $0.builder.end() }
        }
        unsafe handler.characters = { context, bytes, count in
            unsafe state(context) { state in
                unsafe state.builder.text(UnsafeBufferPointer(start: bytes, count: Int(count)))
            }
        }
        unsafe handler.ignorableWhitespace = handler.characters
        unsafe handler.comment = { context, bytes in
            unsafe state(context) { state in
                unsafe state.builder.leaf(.comment, name: 0, terminated(bytes))
            }
        }
        unsafe handler.processingInstruction = { context, target, bytes in
            unsafe state(context) { state in
                let name = unsafe state.number(of: QualifiedName(prefix: nil, local: target))
                unsafe state.builder.leaf(.instruction, name: name, terminated(bytes))
            }
        }
        return unsafe handler
    }
}

/// Lends the state that libxml2 carries; the events come one at a time, on the thread that parses.
@unsafe private func state(_ context: UnsafeMutableRawPointer?, _ body: (inout ParserState) -> Void) {
    guard let context = unsafe context else { return }
    unsafe body(&context.assumingMemoryBound(to: ParserState.self).pointee)
}
