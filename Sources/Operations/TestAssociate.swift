// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Kernel

extension Bell {
    /// `test-associate`: whether this client is known.
    ///
    /// Always 200, also while everything is locked: several
    /// extensions send it unsigned before anything else, and need the Hash.
    func testAssociate(_ request: Request, from visitor: any Visitor) async throws(Refusal) -> Answered {
        let hash = await vaults.hash()
        var failure = Reply(
            failing: request.type,
            error: nil,
            version: version(for: request.id),
            hash: hash
        )
        guard request.id != nil, request.signature != nil else { return Answered(reply: failure) }
        do {
            let ring = try await withDeadline(testAssociateHold) {
                try await verify(request, from: visitor)
            }
            return Answered(reply: ring.reply(hash: hash), key: ring.conversation.key)
        } catch let refusal as Refusal {
            failure.error = refusal.sentence
        } catch {
            failure.error = Refusal.locked.sentence
        }
        return Answered(reply: failure)
    }
}
