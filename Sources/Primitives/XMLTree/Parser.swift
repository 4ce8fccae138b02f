// SPDX-License-Identifier: Apache-2.0

import CLibXML2

/// One run of libxml2 over a text, event by event; its memory is given back at the end of its scope.
///
/// The text has to stay where it is as long as this lives.
@safe struct Parser: ~Copyable {
    private let context: xmlParserCtxtPtr

    @unsafe init(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) {
        guard let length = Int32(exactly: bytes.count) else { throw .tooLarge }
        guard length > 0 else { throw .malformed(line: 1) }
        xmlInitParser()
        let start = unsafe UnsafeRawBufferPointer(bytes).bindMemory(to: CChar.self).baseAddress
        guard let made = unsafe xmlCreateMemoryParserCtxt(start, length) else { throw .tooLarge }
        unsafe context = made
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_HUGE.rawValue | XML_PARSE_NOCDATA.rawValue
        _ = unsafe xmlCtxtUseOptions(context, Int32(options))
    }

    deinit {
        unsafe xmlFreeDoc(context.pointee.myDoc)
        unsafe xmlFreeParserCtxt(context)
    }

    @unsafe mutating func run(_ builder: inout TreeBuilder) throws(XMLError) {
        var state = unsafe ParserState(builder: builder, context: context)
        unsafe context.pointee.sax.pointee = Self.handler
        unsafe withUnsafeMutablePointer(to: &state) { state in
            unsafe context.pointee.userData = UnsafeMutableRawPointer(state)
            _ = unsafe xmlParseDocument(context)
            unsafe context.pointee.userData = nil
        }
        unsafe builder = state.builder
        if let failure = unsafe builder.failure { throw failure }
        guard unsafe builder.isComplete else {
            let error = unsafe xmlCtxtGetLastError(context)
            throw .malformed(line: unsafe error.map { unsafe Int($0.pointee.line) } ?? 1)
        }
    }

    /// The events that a tree is made of.
    ///
    /// No error is printed. The first fatal one ends the run: no event would follow it, and libxml2 copies, for each
    /// error in a comment, what it has of that comment.
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
                if unsafe state.builder.failure != nil { unsafe xmlStopParser(state.context) }
            }
        }
        unsafe handler.processingInstruction = { context, target, bytes in
            unsafe state(context) { state in
                let name = unsafe state.number(of: QualifiedName(prefix: nil, local: target))
                unsafe state.builder.leaf(.instruction, name: name, terminated(bytes))
                if unsafe state.builder.failure != nil { unsafe xmlStopParser(state.context) }
            }
        }
        unsafe handler.serror = { context, error in
            guard unsafe error?.pointee.level == XML_ERR_FATAL else { return }
            unsafe state(context) { state in _ = unsafe xmlStopParser(state.context) }
        }
        return unsafe handler
    }
}

/// Lends the state that libxml2 carries; the events come one at a time, on the thread that parses.
@unsafe private func state(_ context: UnsafeMutableRawPointer?, _ body: (inout ParserState) -> Void) {
    guard let context = unsafe context else { return }
    unsafe body(&context.assumingMemoryBound(to: ParserState.self).pointee)
}
