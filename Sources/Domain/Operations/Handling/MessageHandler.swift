// SPDX-License-Identifier: Apache-2.0

package import ConcurrencyTools
package import SecureMemory

/// Answers messages of the protocol.
package protocol MessageHandler: Sendable {
    /// Answers one message.
    ///
    /// It is cancelled when the daemon stops, and should then answer at once that it couldn't be done.
    ///
    /// - Parameters:
    ///   - body: The message's bytes, which nobody logs, and which are wiped once they have been read.
    ///   - requester: Who sends it.
    /// - Returns: The answer.
    func answer(_ body: WipedBytes, from requester: any Requester) async -> EncodedReply

    /// The Hash that an error may tell, if it is known.
    func hash() async -> String?
}

/// Each message is answered to its end by the handler that was in force when it came.
extension CurrentValue: MessageHandler where Value == RequestHandler {
    package func answer(_ body: WipedBytes, from requester: any Requester) async -> EncodedReply {
        await value.answer(body, from: requester)
    }

    package func hash() async -> String? {
        await value.hash()
    }
}
