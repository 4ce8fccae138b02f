// SPDX-License-Identifier: Apache-2.0

import Ciphers
import DisplayText
import Glibc
import Linux
import Settings

/// Checks that HTTPS can be served where it is configured; what is weak or about to expire is in the configuration's
/// advice.
enum CertificateCheck {
    private static let subject = "HTTPS"

    /// What is looked at.
    static func files(_ http: HTTPSettings) -> [String] {
        http.certificate.map { [$0.file, $0.privateKey] } ?? []
    }

    static func findings(_ http: HTTPSettings, now: UInt64) -> [Finding] {
        guard let certificate = http.certificate else { return [] }
        for file in files(http) {
            do throws(SystemCallError) {
                try FileBytes.checkReadable(file)
            } catch {
                return [unreadable(file, error)]
            }
        }
        // Whether it can be read is reported above.
        guard let pem = try? FileBytes.read(certificate.file, followsLinks: true),
            let faults = CertificateReview.faults(
                ofPEM: pem,
                privateKey: certificate.privateKey,
                now: Int64(clamping: now)
            )
        else {
            return [
                failure("\(certificate.file) has no certificate in it, or a broken one (PEM is expected)")
            ]
        }
        guard !faults.contains(.unusableKey) else {
            return [
                failure(
                    "\(certificate.privateKey) has no private key in it that can be used (PEM without a password is expected)"
                )
            ]
        }
        guard !faults.contains(.otherKey) else {
            return [
                failure("\(certificate.privateKey) isn't the key of the certificate in \(certificate.file)")
            ]
        }
        guard !faults.contains(.otherNames) else {
            return [.ok(subject, "\(certificate.file) and its key belong together; port \(http.tlsPort)")]
        }
        return [.ok(subject, "\(certificate.file) and its key can be used, on port \(http.tlsPort)")]
    }

    private static func unreadable(_ file: String, _ error: SystemCallError) -> Finding {
        let text = "\(file) can't be read (\(error))"
        guard [EACCES, EPERM].contains(error.code) else { return failure(text) }
        let name = ShellWord.quoting(file)
        return failure(
            text,
            do:
                "Make it readable for you: `chmod u+r \(name)`, or if it isn't yours (`ls -l \(name)`) a copy."
        )
    }

    private static func failure(
        _ text: String,
        do cure: String =
            "Correct http.certificate and http.private_key; `keybell certificate` makes both for this computer."
    ) -> Finding {
        .failure(subject, text + ": keybelld doesn't start like this", do: cure)
    }
}
