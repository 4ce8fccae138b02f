// SPDX-License-Identifier: Apache-2.0

/// What comes with a body but isn't part of it: the sizes and extensions of its chunks, and trailers.
///
/// A value that is told what is decoded. What comes in one read with the head isn't counted; a read is short.
struct FramingOverhead: Equatable {
    private var isReadingBody = false
    private var isCounted = false
    private var sum = 0
    private var bodyInRead = 0
    private var body = 0

    /// A head is complete: what follows belongs to its body.
    mutating func head() {
        self = FramingOverhead()
        isReadingBody = true
    }

    /// This many bytes of a body were decoded.
    mutating func body(_ count: Int) {
        body += count
        bodyInRead += count
    }

    /// A request is complete.
    mutating func end() {
        self = FramingOverhead()
    }

    /// All that came with one read has been decoded.
    ///
    /// - Parameter count: How many bytes that was.
    /// - Returns: Whether there is more of it than allowed.
    mutating func endRead(of count: Int) -> Bool {
        guard isReadingBody else { return false }
        if isCounted { sum += count - bodyInRead }
        (isCounted, bodyInRead) = (true, 0)
        return sum > HTTPLimits.framing + body
    }
}
