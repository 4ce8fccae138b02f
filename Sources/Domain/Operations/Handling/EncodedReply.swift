// SPDX-License-Identifier: Apache-2.0

/// The bytes that answer one request, and what to do once they are delivered, or can't be.
package struct EncodedReply: Sendable {
    /// The HTTP status code.
    package let status: Int
    /// The JSON body, in ASCII.
    package let body: [UInt8]
    /// To be called once: whether the peer got the body.
    ///
    /// An allow is remembered until it has.
    package let delivered: (@Sendable (DeliveryOutcome) async -> Void)?

    /// Keeps all three.
    package init(
        status: Int = 200,
        body: [UInt8],
        delivered: (@Sendable (DeliveryOutcome) async -> Void)? = nil
    ) {
        (self.status, self.body, self.delivered) = (status, body, delivered)
    }
}
