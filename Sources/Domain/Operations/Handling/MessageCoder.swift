// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory

/// Reads and decrypts requests, and writes replies: short ones at once, long ones off the serving thread, in turns.
struct MessageCoder: Sendable {
    /// Longer ones wait for their turn.
    private static let short = 16 * 1024

    private let reading = FairWorkQueue(label: "org.keybell.reading")
    private let writing = FairWorkQueue(label: "org.keybell.writing")

    /// The request in a body, which is wiped.
    func request(
        in body: WipedBytes,
        from requester: CachedRequester
    ) async -> Result<Request, RequestError> {
        let parse: @Sendable () -> Result<Request, RequestError> = {
            do throws(RequestError) {
                return .success(try body.consume(Request.parse))
            } catch {
                return .failure(error)
            }
        }
        guard body.count > Self.short else { return parse() }
        let request = await reading(for: Turn(of: await requester.caller())) { parse() }
        requester.hasWaited()
        return request
    }

    /// What verifies and decrypts a long request, whether or not its client is known; nil for one that is short enough to
    /// be opened at once, without a step that suspends.
    func opener(of request: Request, from requester: CachedRequester) -> MessageOpening.Opener? {
        guard request.length > Self.short else { return nil }
        return { [reading] opening in
            var opened = await reading(for: Turn(of: await requester.caller())) { opening.run() }
            requester.hasWaited()
            opened.hasWaited = true
            return opened
        }
    }

    /// The text of a reply, sealed for the request that it answers, if there is one.
    func text(
        of reply: Reply,
        sealedFor request: VerifiedMessage?,
        _ requester: CachedRequester
    ) async -> [UInt8] {
        let encode: @Sendable () -> [UInt8] = {
            reply.encoded(with: request.map { OutgoingCipher(replyingTo: $0) })
        }
        guard !reply.isShorter(than: Self.short) else { return encode() }
        return await writing(for: Turn(of: await requester.sender())) { encode() }
    }
}
