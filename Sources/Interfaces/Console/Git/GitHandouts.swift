// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Linux
import SecureMemory

/// Which logins git got, to know them when it brings them back.
///
/// git stores a login after each success, also the one that it was just given, by whatever helper. To look into the vault for that would
/// mean another question. What is kept in the state folder are codes under our own key, which tell nothing of a
/// password to who doesn't have the key.
struct GitHandouts {
    /// What git got last at an address under a user name.
    struct Handout: Equatable {
        /// The login that a new password is for; nil where another one has to be made for it.
        let uuid: String?
        /// Whether it had just this password.
        let isSame: Bool
        /// Whether a server has refused it in the last hour.
        let isRefused: Bool

        /// Whether git may get it again.
        var mayGoOut: Bool { !isSame || !isRefused }
    }

    private static let limit = 1 << 16
    private static let refused = "refused"
    /// For how many seconds a refusal counts.
    private static let patience: UInt64 = 3600

    private let path: String
    private let key: SecretBytes
    private let now: UInt64

    /// Those that are kept in a folder, under one of our keys.
    init(folder: String, key: SecretBytes, now: UInt64) {
        path = folder + "/git-handouts"
        self.key = key
        self.now = now
    }

    private var former: String { path + ".1" }

    /// Notes that git has got a login, has had it saved, or has seen it refused.
    ///
    /// - Parameters:
    ///   - credential: The login, with user name and password.
    ///   - uuid: Which login a new password is for, if one is.
    ///   - isRefused: Whether the server has refused it.
    func add(_ credential: GitCredential, uuid: String?, isRefused: Bool = false) {
        guard let (place, code) = codes(of: credential), let code,
            last(for: credential) != Handout(uuid: uuid, isSame: true, isRefused: isRefused)
        else { return }
        var file = RotatedLineFile(path, limit: Self.limit, former: former)
        let state = isRefused ? Self.refused : "given"
        let line = [place, code, uuid ?? "-", state, String(now)].joined(separator: " ") + "\n"
        // What isn't noted is looked up in the vault.
        try? file.append(Array(line.utf8), until: .now + .seconds(1))
    }

    /// What git got last at that address under that user name.
    func last(for credential: GitCredential) -> Handout? {
        guard let (place, code) = codes(of: credential) else { return nil }
        for path in [path, former] {
            // What can't be read wasn't noted.
            guard let bytes = try? FileBytes.read(path, limit: 2 * Self.limit) else { continue }
            for line in bytes.split(separator: UInt8(ascii: "\n")).reversed() {
                let parts = line.split(separator: UInt8(ascii: " "))
                guard parts.count == 5, parts[0].elementsEqual(place.utf8) else { continue }
                let texts = parts.map { String(decoding: $0, as: UTF8.self) }
                // A clock that was set back makes it none of the last hour.
                let isRecent = UInt64(texts[4]).map { $0 <= now && now - $0 < Self.patience } ?? false
                return Handout(
                    uuid: texts[2] == "-" ? nil : texts[2],
                    isSame: texts[1] == code,
                    isRefused: isRecent && texts[3] == Self.refused
                )
            }
        }
        return nil
    }

    /// What stands for address and user name, and for the password with them.
    private func codes(of credential: GitCredential) -> (place: String, login: String?)? {
        guard let url = credential.url else { return nil }
        let place = [SecretBytes(utf8: url), SecretBytes(utf8: credential.username)]
        return (code(of: place), credential.password.map { code(of: place + [$0]) })
    }

    private func code(of parts: [SecretBytes]) -> String {
        Hex.text(HMAC.sha256(key: key, parts.flatMap { Digest.sha256($0) }))
    }
}
