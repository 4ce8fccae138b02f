// SPDX-License-Identifier: Apache-2.0

import Glibc
import Operations

/// The options of a listener, with their defaults.
package struct ListenerOptions: Sendable {
    /// Origins that may ask in addition to browser extensions, as browsers write them: `https://example.org`.
    package var allowedOrigins: [String] = [] { didSet { makePolicy() } }

    /// The protocol version that is reported, four numbers.
    package var version = ClientRules().version

    /// The only user who may connect.
    package var uid: UInt32 = getuid()

    /// The longest body, in bytes.
    package var maximumBody = HTTPLimits.body { didSet { makePolicy() } }

    /// How long a request's head may take: from the connection, or from its first byte on one that was used before.
    package var headDeadline: Duration = .seconds(10)

    /// How long a whole body may take, from its head.
    package var bodyDeadline: Duration = .seconds(30)

    /// How long a connection may be idle between two requests.
    package var idleDeadline: Duration = .seconds(30)

    /// How long a peer is given to read a last answer before its connection is closed.
    package var lingering: Duration = .seconds(1)

    /// What lets requests in, made once and not for each of them.
    private(set) var policy = AccessPolicy()

    /// The defaults.
    package init() {}

    private mutating func makePolicy() {
        policy = AccessPolicy(allowedOrigins: allowedOrigins, maximumBody: maximumBody)
    }
}
