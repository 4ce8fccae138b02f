// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Linux
import Settings

/// Checks that HTTPS can be served where it is configured; what is weak or about to expire is in the configuration's
/// advice.
enum CertificateCheck {
    private static let subject = "HTTPS"

    static func findings(_ http: HTTPSettings, now: UInt64) -> [Finding] {
        guard let certificate = http.certificate else { return [] }
        for file in [certificate.file, certificate.privateKey] {
            do throws(SystemCallError) {
                try FileBytes.checkReadable(file)
            } catch {
                return [failure("\(file) can't be read (\(error))")]
            }
        }
        // Whether it can be read is reported above.
        guard let pem = try? FileBytes.read(certificate.file, followsLinks: true),
            let faults = CertificateReview.faults(
                ofPEM: pem,
                privateKey: certificate.privateKey,
                now: Int64(clamping: now)
            )
        else { return [failure("\(certificate.file) has no certificate in it (PEM is expected)")] }
        guard !faults.contains(.otherKey) else {
            return [
                failure("\(certificate.privateKey) isn't the key of the certificate in \(certificate.file)")
            ]
        }
        return [.ok(subject, "\(certificate.file) and its key can be used, on port \(http.tlsPort)")]
    }

    private static func failure(_ text: String) -> Finding {
        .failure(
            subject,
            text + ": keybelld doesn't start so",
            do:
                "Correct http.certificate and http.private_key; `keybell certificate` makes both for this computer."
        )
    }
}
