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

    /// Whether nothing is here.
    var isEmpty: Bool { parts.isEmpty }

    /// Keeps a part.
    ///
    /// - Returns: Whether all may stay; otherwise there are more bytes of bodies than a connection may hold.
    mutating func append(_ part: HTTPServerRequestPart) -> Bool {
        switch part {
        case .head: heads += 1
        case .body(let bytes): bodyBytes += bytes.readableBytes
        case .end: break
        }
        parts.append(part)
        return bodyBytes <= 2 * HTTPLimits.bodyShare
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
        for case .body(let bytes) in parts { unsafe bytes.withUnsafeReadableBytes { unsafe wipe($0) } }
        self = PipelinedParts()
    }
}
