// SPDX-License-Identifier: Apache-2.0

import Ciphers
import DisplayText
import FoundationEssentials
import Linux

/// What the person should know about a configuration that can be used all the same: ready to be shown.
package struct ConfigurationAdvice: Hashable, Sendable {
    /// The key that it is about, as it stands in the file.
    package let key: String
    /// What is the case.
    package let text: String
    /// What to do about it.
    package let cure: String
}

extension Configuration {
    /// Looks at the files that the configuration names (keys that others may read, programs that others may write,
    /// certificates that have expired, soon will or are weak), at the vaults' names, and for settings that have no
    /// effect.
    ///
    /// What isn't there, or can't be read, is reported where it is used.
    ///
    /// - Parameters:
    ///   - folders: This user's.
    ///   - path: Where programs are looked for, as in `PATH`.
    ///   - now: Seconds since 1970.
    /// - Returns: What there is to say; nothing if all is well.
    package func advice(folders: Folders, path: String, now: Int64) -> [ConfigurationAdvice] {
        var advice = uselessSettings
        if let certificate = http.certificate {
            advice += FileAdvice.readable("http.private_key", certificate.privateKey)
            advice += CertificateAdvice.advice(on: certificate, now: now)
        }
        for (index, vault) in vaults.enumerated() {
            advice += NameAdvice.advice(on: vault, at: index)
            if let keyFile = vault.keyFile {
                advice += FileAdvice.readable("vault[\(index)].key_file", keyFile)
            }
            if let program = vault.passwordCommand?.first {
                advice += FileAdvice.replaceable(
                    "vault[\(index)].password_command",
                    program,
                    path: path,
                    home: folders.home
                )
            }
        }
        // Without a KDBX vault or a confirmation it is never started.
        if vaults.contains(where: { $0.kind == .kdbx }) || approval.confirms {
            advice += FileAdvice.replaceable(
                "unlock.pinentry",
                unlock.pinentry,
                path: path,
                home: folders.home
            )
        }
        return advice
    }
}

/// What there is to say about the files that a configuration names.
private enum FileAdvice {
    /// A file with a key in it that others may read.
    static func readable(_ key: String, _ file: String) -> [ConfigurationAdvice] {
        // One that can't be looked at can't be used either, which is reported then.
        guard (try? FileTrust.othersMayRead(file)) == true else { return [] }
        return [
            ConfigurationAdvice(
                key: key,
                text: "\(file) can be read by other users",
                cure:
                    "Run `chmod go-rwx \(ShellWord.quoting(file))`; if somebody may have read it, make a new one."
            )
        ]
    }

    /// A program that others could have written.
    static func replaceable(
        _ key: String,
        _ program: String,
        path: String,
        home: String
    ) -> [ConfigurationAdvice] {
        guard let file = ProgramSearch.find(program, path: path) else { return [] }
        do throws(FileTrustError) {
            try FileTrust.check(file, home: home)
            return []
        } catch {
            switch error {
            case .unreadable: return []  // reported when it can't be started
            case .writable(let place):
                return [
                    ConfigurationAdvice(
                        key: key,
                        text: "\(file) could be replaced by other users, who may write to \(place)",
                        cure: "Run `chmod go-w \(ShellWord.quoting(place))`, or name another program."
                    )
                ]
            case .foreign(let place, let uid):
                return [
                    ConfigurationAdvice(
                        key: key,
                        text: "\(file) could be replaced by another user, for \(place) belongs to uid \(uid)",
                        cure: "Name a program that is yours or the system's."
                    )
                ]
            }
        }
    }
}

/// What there is to say about a vault's name.
private enum NameAdvice {
    static func advice(on vault: VaultSettings, at index: Int) -> [ConfigurationAdvice] {
        guard let name = PlainName(vault.name), name.mayBeMistaken else { return [] }
        let plain = name.plain.map { ", such as \(PlainText.quoted($0.text))" } ?? ""
        return [
            ConfigurationAdvice(
                key: "vault[\(index)].name",
                text:
                    "\(PlainText.quoted(name.text)) may be taken for another name: it mixes scripts, or has characters that look like plainer ones",
                cure: "It works as it is; if it isn't meant so, write it in plainer characters\(plain)."
            )
        ]
    }
}

/// What there is to say about a certificate.
private enum CertificateAdvice {
    static func advice(on certificate: HTTPSettings.Certificate, now: Int64) -> [ConfigurationAdvice] {
        // A file that can't be read, or has no certificate in it, ends the start with a message of its own.
        guard let pem = try? FileBytes.read(certificate.file, followsLinks: true),
            let faults = CertificateReview.faults(
                ofPEM: pem,
                privateKey: certificate.privateKey,
                now: now
            )
        else { return [] }
        // The start ends with the same.
        return faults.filter { $0 != .unusableKey }.map { fault in
            let cure =
                switch fault {
                case .otherKey: "Name the two files that belong together."
                case .otherNames:
                    "`keybell certificate` makes one that is; clients for which a name of your own leads here need none."
                default:
                    "Get a new one, or run `keybell certificate --force` if Keybell made it, and then `keybell reload`."
                }
            return ConfigurationAdvice(
                key: "http.certificate",
                text: "\(certificate.file) \(words(fault, certificate))",
                cure: cure
            )
        }
    }

    private static func words(_ fault: CertificateFault, _ certificate: HTTPSettings.Certificate) -> String {
        switch fault {
        case .expired(let time): "has expired, on \(day(time))"
        case .expiresSoon(let time): "expires soon, on \(day(time))"
        case .notYetValid(let time): "isn't valid yet, but from \(day(time)) on"
        case .weakKey(let bits): "has a weak key (\(bits) bits)"
        case .weakSignature(let digest): "has a weak signature (\(digest))"
        case .otherNames: "isn't for localhost, 127.0.0.1 or ::1, so that clients refuse it there"
        case .unusableKey: "has a private key that can't be used, in \(certificate.privateKey)"
        case .otherKey: "doesn't belong to the private key in \(certificate.privateKey)"
        }
    }

    private static func day(_ time: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(time)).formatted(.iso8601.year().month().day())
    }
}
