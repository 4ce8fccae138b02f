// SPDX-License-Identifier: Apache-2.0

extension Document {
    /// Whether an element and one of another document are the same with everything in them: names, attributes in any
    /// order, content and elements in their order; comments and text beside elements don't count.
    package func isEqual(_ element: Element, to other: Element, in document: Document) -> Bool {
        // Depth is bounded where a document is read, and copying adds no more than one document to another.
        guard name(of: element).utf8.elementsEqual(document.name(of: other).utf8),
            content(of: element) == document.content(of: other),
            sortedAttributes(of: element) == document.sortedAttributes(of: other)
        else { return false }
        var mine = children(of: element)
        var theirs = document.children(of: other)
        while true {
            switch (mine.next(), theirs.next()) {
            case (nil, nil): return true
            case (let left?, let right?) where isEqual(left, to: right, in: document): continue
            default: return false
            }
        }
    }

    /// By their bytes, as everything here is.
    private func sortedAttributes(of element: Element) -> [[[UInt8]]] {
        attributes(of: element).map { [Array($0.name.utf8), Array($0.value.utf8)] }.sorted { left, right in
            left[0] == right[0]
                ? left[1].lexicographicallyPrecedes(right[1]) : left[0].lexicographicallyPrecedes(right[0])
        }
    }
}
