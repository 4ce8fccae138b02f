// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import SecureMemory

/// What has come of pipelined requests while one before them is being answered.
///
/// A peer that has shut its sending side is read to its end, whatever waits.
struct PipelinedParts {
    private var parts = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 0)
    private var bodyBytes = 0

    /// How many of them have a head here.
    private(set) var heads = 0

    /// Whether the last of them had no more room, so that only its head was kept.
    private(set) var isCut = false

    /// Whether nothing is here.
    var isEmpty: Bool { parts.isEmpty }

    /// Keeps a part.
    ///
    /// - Returns: Whether it could be kept; otherwise there are more bytes of bodies than a connection may hold, and of the
    ///   request that brought them the head alone stays.
    mutating func append(_ part: HTTPServerRequestPart) -> Bool {
        switch part {
        case .head: heads += 1
        case .body(let bytes): bodyBytes += bytes.readableBytes
        case .end: break
        }
        parts.append(part)
        guard bodyBytes > 2 * HTTPLimits.bodyShare else { return true }
        cutLast()
        return false
    }

    private mutating func cutLast() {
        while case .body(let bytes)? = parts.last {
            parts.removeLast()
            bodyBytes -= bytes.readableBytes
            Self.wipe(bytes)
        }
        isCut = !parts.isEmpty
    }

    /// Takes the first part; nil if nothing is here.
    mutating func popFirst() -> HTTPServerRequestPart? {
        let part = parts.popFirst()
        switch part {
        case .head: heads -= 1
        case .body(let bytes): bodyBytes -= bytes.readableBytes
        case .end, nil: break
        }
        return part
    }

    /// Forgets all, and wipes the bodies.
    mutating func drop() {
        for case .body(let bytes) in parts { Self.wipe(bytes) }
        self = PipelinedParts()
    }

    private static func wipe(_ bytes: ByteBuffer) {
        unsafe bytes.withUnsafeReadableBytes { unsafe SecureMemory.wipe($0) }
    }
}
