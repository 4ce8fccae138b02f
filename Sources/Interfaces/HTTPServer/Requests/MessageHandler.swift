// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// Answers messages of the protocol: what stands behind the door.
package protocol MessageHandler: Sendable {
    /// Answers one message.
    ///
    /// It is cancelled when the daemon stops, and should then answer at once that it couldn't be done.
    ///
    /// - Parameters:
    ///   - body: The message's bytes, which nobody logs, and which are wiped once they have been read.
    ///   - visit: Who sends it.
    /// - Returns: The answer.
    func respond(to body: WipedBytes, visit: HTTPRequester) async -> EncodedReply

    /// The Hash that an error may tell, if it is known.
    func hash() async -> String?
}

/// An answer of the protocol.
package struct EncodedReply: Sendable {
    /// The HTTP status code.
    package let status: Int

    /// JSON.
    package let body: [UInt8]

    /// Told whether the answer went out to a peer that was still there.
    package let delivered: (@Sendable (Bool) async -> Void)?

    /// Keeps all three.
    package init(
        status: Int = 200,
        body: [UInt8],
        delivered: (@Sendable (Bool) async -> Void)? = nil
    ) {
        self.status = status
        self.body = body
        self.delivered = delivered
    }
}
