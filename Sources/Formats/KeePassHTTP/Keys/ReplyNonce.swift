// SPDX-License-Identifier: Apache-2.0

import Ciphers

// The protocol signs a nonce and nothing else: not which way a message goes, not what is asked for. So a reply's nonce
// itself says what it is, to whoever has the key, in any process and after any restart: 8 random bytes, 4 that bind it
// to the request that it answers, and 4 that make it a reply's. To everybody else it is 16 random bytes.

extension Nonce {
    /// A fresh nonce for the reply to a request.
    static func replying(to request: Nonce, under key: ClientKey) -> Nonce {
        let random = Randomness.bytes(randomCount)
        let binding = binding(of: random, to: request, under: key)
        let bytes = random + binding + mark(of: random + binding, under: key)
        return InitializationVector(bytes).map { Nonce($0) } ?? .random()  // there are always 16
    }

    /// Whether it belongs to a reply of ours; of the nonces that clients choose, one in four thousand million is taken
    /// for one.
    func isReply(under key: ClientKey) -> Bool {
        let bytes = iv.bytes
        let body = Array(bytes.dropLast(Self.tagLength))
        return constantTimeEquals(Self.mark(of: body, under: key), Array(bytes.suffix(Self.tagLength)))
    }

    /// Whether it belongs to our reply to exactly this request.
    func isReply(to request: Nonce, under key: ClientKey) -> Bool {
        let random = Array(iv.bytes.prefix(Self.randomCount))
        let binding = Array(iv.bytes.dropFirst(Self.randomCount).prefix(Self.tagLength))
        return isReply(under: key)
            && constantTimeEquals(Self.binding(of: random, to: request, under: key), binding)
    }

    // Neither text has the length of anything that goes into the protocol's own Hmac, which is always whole blocks.

    private static func binding(of random: [UInt8], to request: Nonce, under key: ClientKey) -> [UInt8] {
        tag(key, Array("Keybell answers ".utf8) + request.iv.bytes + random)
    }

    private static func mark(of body: [UInt8], under key: ClientKey) -> [UInt8] {
        tag(key, Array("Keybell reply".utf8) + body)
    }

    private static func tag(_ key: ClientKey, _ bytes: [UInt8]) -> [UInt8] {
        Array(key.hmac.code(of: bytes).prefix(tagLength))
    }

    private static let (randomCount, tagLength) = (8, 4)
}
