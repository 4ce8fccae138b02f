// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService

// What a client's use of its key leaves in its item.
extension ClientRegistry {
    /// Remembers in the item, some time after the request, that the client uses Hmacs, and once a day that it is used.
    func keepRecord(of known: KnownClient) {
        let fingerprint = known.client.fingerprint
        guard let record = records[fingerprint], let used = record.lastUsed else { return }
        let day = used / 86_400
        let isNewDay = day != record.writtenDay ?? known.client.lastUsed.map { $0 / 86_400 }
        let isNewHmac = record.usesHmac && !known.client.usesHmac && !record.hasWrittenHmac
        guard isNewDay || isNewHmac, now() >= record.triesAgain else { return }
        // What is known in memory counts until the daemon ends, whatever comes of it.
        records[fingerprint]?.writtenDay = day
        records[fingerprint]?.hasWrittenHmac = record.usesHmac
        writes.join { [self] in
            do throws(KeyringError) {
                // As it is now: the person may have changed or deleted it.
                guard let item = try await keyring.item(at: known.item.path),
                    item.attributes[ClientItem.Attribute.created]
                        == known.item.attributes[ClientItem.Attribute.created]
                else { return }
                var attributes = item.attributes
                attributes[ClientItem.Attribute.lastUsed] = String(used)
                if record.usesHmac { attributes[ClientItem.Attribute.hmac] = "1" }
                try await keyring.change(item, attributes: attributes)
            } catch {
                logger.debug(
                    "A client's last use could not be written down",
                    metadata: ["client": "\(known.client.id)", "reason": "\(error)"]
                )
                await writeAgain(former: record, of: fingerprint)
            }
        }
    }

    private static let writingPause: UInt64 = 600

    /// What couldn't be written is written with one of the next requests.
    private func writeAgain(former: KeyRecord, of fingerprint: String) {
        records[fingerprint]?.writtenDay = former.writtenDay
        records[fingerprint]?.hasWrittenHmac = former.hasWrittenHmac
        records[fingerprint]?.triesAgain = now() + Self.writingPause
    }
}
