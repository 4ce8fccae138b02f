// SPDX-License-Identifier: Apache-2.0

extension Document {
    /// Whether an element and one of another document are the same with all that is in them: names, attributes in
    /// whatever order, content and elements in their order; comments and text beside elements do not count.
    package func isEqual(_ element: Element, to other: Element, in document: Document) -> Bool {
        // Depth is bounded where a document is read, and copying adds no more than one document to another.
        guard name(of: element) == document.name(of: other),
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

    private func sortedAttributes(of element: Element) -> [[String]] {
        attributes(of: element).map { [$0.name, $0.value] }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
