// SPDX-License-Identifier: Apache-2.0

/// What has to be done to verify and decrypt one request: the same work whether or not its client is known.
package struct MessageOpening: Sendable {
    /// Does that, at once or elsewhere; what comes of it is to be judged only afterwards.
    package typealias Opener = @Sendable (MessageOpening) async -> OpenedMessage

    /// The request.
    package let request: Request
    private let signature: RequestSignature
    private let key: ClientKey

    /// Takes a request, its signature, and the key of the client that it claims to be from; nil where there is none.
    package init(_ request: Request, _ signature: RequestSignature, key: ClientKey?) {
        (self.request, self.signature) = (request, signature)
        self.key = key ?? VerifiedMessage.decoyKey
    }

    /// Does it.
    package func run() -> OpenedMessage {
        // There is only one failure, and it has no details.
        let message = try? VerifiedMessage(verifying: signature, with: key)
        return OpenedMessage(message: message, fields: (message ?? .decoy(for: signature)).open(request))
    }
}

/// What a request turned out to be under one key.
package struct OpenedMessage: Sendable {
    /// Nil where it isn't signed with that key.
    package let message: VerifiedMessage?
    /// Nil where a field doesn't decrypt.
    package let fields: OpenedFields?
    /// Whether other things may have happened meanwhile.
    package var hasWaited = false
}
