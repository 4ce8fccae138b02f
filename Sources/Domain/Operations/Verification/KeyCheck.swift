// SPDX-License-Identifier: Apache-2.0

import Clients

/// Whether a verified client's key is still there, and sees what it saw.
struct KeyCheck: Sendable {
    private let clients: any ClientStore

    /// Makes one that looks among these.
    init(clients: any ClientStore) {
        self.clients = clients
    }

    /// Throws `unverified` once the key that a request was verified with is no longer its client's, and `restrictedMeanwhile`
    /// once that is restricted to something else.
    ///
    /// To be asked after whatever was waited for, and before anything is handed out or saved: the person may have revoked
    /// or restricted the client meanwhile, or deleted its key in the keyring.
    func check(_ verified: VerifiedRequest) async throws(Refusal) {
        let holder = try await holder(verified)
        guard holder.restriction == verified.client.restriction else { throw .restrictedMeanwhile }
    }

    /// A request as it is to be answered now that its client was restricted to something else.
    ///
    /// - Throws: `unverified` where the key is no longer its client's.
    func renewed(_ verified: VerifiedRequest) async throws(Refusal) -> VerifiedRequest {
        var renewed = verified
        renewed.client.restriction = try await holder(verified).restriction
        renewed.requester.hasWaited()
        return renewed
    }

    /// The client whose key a request was verified with, as it is now.
    private func holder(_ verified: VerifiedRequest) async throws(Refusal) -> Client {
        let holder: Client?
        do throws(ClientError) {
            holder = try await clients.client(withID: verified.client.id)
        } catch  where error.isLock {
            throw .locked
        } catch {
            throw .keyring(error.publicAdvice)
        }
        guard let holder, holder.fingerprint == verified.client.fingerprint else { throw .unverified }
        return holder
    }
}
