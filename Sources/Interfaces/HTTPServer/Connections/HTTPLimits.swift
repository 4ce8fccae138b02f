// SPDX-License-Identifier: Apache-2.0

/// How much of everything the server takes, by default where it can be set.
package enum HTTPLimits {
    // MARK: Requests

    /// The longest body, in bytes.
    package static let body = 1 << 20
    /// The longest field of a head, in bytes.
    static let headerField = 16 << 10
    /// All fields of a head together, in bytes.
    static let headerList = 32 << 10
    /// How many fields a head may have.
    static let headerFields = 100
    /// How many bytes of framing a body may have on top of its own length: one that comes byte by byte, each in a chunk
    /// of its own, may have some thousands.
    static let framing = 16 << 10

    // MARK: Connections

    /// How many connections are served at once.
    package static let connections = 256
    /// How many connections may at the same time be told that they aren't served.
    package static let refusedConnections = 64
    /// How many requests of a connection may wait for their answers, or come with one read.
    static let pipelinedRequests = 16

    // MARK: Memory

    /// How much memory the bodies of all connections may take, in bytes.
    package static let bodyMemory = 16 << 20
    /// How many bytes of its bodies a connection may hold without a place; a single read may bring as much again.
    static let bodyShare = 16 << 10
}
