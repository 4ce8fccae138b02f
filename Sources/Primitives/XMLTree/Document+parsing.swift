// SPDX-License-Identifier: Apache-2.0

extension Document {
    /// Reads XML text in any encoding that libxml2 knows.
    ///
    /// The network is never touched and no file is opened. Character references and the five predefined entities are
    /// resolved; there can be no others, since a document type declaration is refused. Bytes behind the root element
    /// are passed over, as KeePass does.
    /// - Parameters:
    ///   - bytes: The text.
    ///   - limits: What it may become; nil for the limits of the most crowded text of its length.
    /// - Throws: `XMLError`.
    package init(parsing bytes: [UInt8], limits: Limits? = nil) throws(XMLError) {
        try self.init(parsing: bytes[...], limits: limits)
    }

    /// Reads XML text that is a part of something longer.
    package init(parsing bytes: ArraySlice<UInt8>, limits: Limits? = nil) throws(XMLError) {
        let most = min(limits?.nodes ?? .max, Limits.length(bytes.count).nodes)
        self = try unsafe Self.built(of: bytes, Limits(nodes: most)) { bytes, builder in
            do throws(XMLError) {
                var parser = try unsafe Parser(bytes)
                unsafe try parser.run(&builder)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
    }

    /// Has a reader build a document in memory that is reserved for what a text of that length usually becomes, and
    /// again with the most that it may become if that isn't enough.
    private static func built(
        of bytes: ArraySlice<UInt8>,
        _ limits: Limits,
        by read: (UnsafeBufferPointer<UInt8>, inout TreeBuilder) -> Result<Void, XMLError>
    ) throws(XMLError) -> Document {
        guard bytes.count < Int32.max / 2 else { throw .tooLarge }
        if TextEncoding.isTransparent(bytes) {
            let isBounded = unsafe bytes.withUnsafeBufferPointer { unsafe TagScan.isBounded($0) }
            guard isBounded else { throw .excessive(.attributes) }
        } else if bytes.count > Limits.foreignLength {
            throw .excessive(.encoding)
        }
        let usual = bytes.count / 16 + 64
        do throws(XMLError) {
            return try unsafe built(of: bytes, nodes: min(usual, limits.nodes), limits, by: read)
        } catch .tooLarge where usual < limits.nodes {
            return try unsafe built(of: bytes, nodes: limits.nodes, limits, by: read)
        }
    }

    private static func built(
        of bytes: ArraySlice<UInt8>,
        nodes most: Int,
        _ limits: Limits,
        by read: (UnsafeBufferPointer<UInt8>, inout TreeBuilder) -> Result<Void, XMLError>
    ) throws(XMLError) -> Document {
        var outcome: Result<Document, XMLError> = .failure(.tooLarge)
        var nodes: [Node] = []
        var content: [UInt8] = []
        unsafe bytes.withUnsafeBufferPointer { bytes in
            // Unused memory is never touched. Other encodings grow on their way to UTF-8.
            unsafe nodes = [Node](unsafeUninitializedCapacity: most) { nodes, nodeCount in
                unsafe content = [UInt8](unsafeUninitializedCapacity: bytes.count * 2) {
                    content,
                    contentCount in
                    var builder = unsafe TreeBuilder(nodes: nodes, content: content, limits: limits)
                    let result = unsafe read(bytes, &builder)
                    outcome = result.map { unsafe builder.document }
                    nodeCount = unsafe builder.nodeCount
                    contentCount = unsafe builder.contentCount
                }
            }
        }
        var document = try outcome.get()
        document.nodes = nodes
        document.content = content
        return document
    }
}
