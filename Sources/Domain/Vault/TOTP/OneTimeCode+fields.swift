// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import SecureMemory

// Three programs, three ways to keep a seed in string fields:
//   otp                                     KeePassXC: otpauth://totp/…; KeeOtp: key=…&step=…&encoding=…;
//                                           others: otpauth://steam/…, steam://SEED
//   TimeOtp-Secret[-Hex|-Base32|-Base64]    KeePass itself, with TimeOtp-Period, -Length, -Algorithm
//   TOTP Seed, TOTP Settings                KeeTrayTOTP: base32, and "30;6" or "30;S" for Steam

extension OneTimeCode {
    /// The longest field that is searched for a seed, in bytes: a longer one is something else.
    private static let longest = 4096

    /// Finds the seed among a login's string fields; the first that can be read counts, and nil means none.
    package init?(fields: [String: SecretBytes]) {
        let names = [
            "otp", "TimeOtp-Secret", "TimeOtp-Secret-Base32", "TimeOtp-Secret-Base64", "TimeOtp-Secret-Hex",
            "TimeOtp-Algorithm", "TimeOtp-Period", "TimeOtp-Length", "TOTP Seed", "TOTP Settings",
        ]
        var short: [String: SecretBytes] = [:]
        for name in names {
            if let field = fields[name], field.count <= Self.longest { short[name] = field }
        }
        let found =
            short["otp"].flatMap { Self(otp: $0) } ?? Self(keePass: short)
            ?? short["TOTP Seed"].flatMap {
                Self(seed: $0, settings: short["TOTP Settings"]?.exposedText() ?? "")
            }
        guard let found else { return nil }
        self = found
    }

    /// KeePass's own fields.
    private init?(keePass fields: [String: SecretBytes]) {
        self.init(
            secret: Self.keePassSecret("TimeOtp", fields),
            algorithm: Self.text(fields["TimeOtp-Algorithm"], else: .sha1) { HMAC.Algorithm(oneTime: $0) },
            period: Self.text(fields["TimeOtp-Period"], else: 30) { Int64($0) },
            length: Self.text(fields["TimeOtp-Length"], else: 6) { Int($0) }
        )
    }

    /// The field `otp`: a URI, a query of KeeOtp, or a bare seed.
    private init?(otp field: SecretBytes) {
        guard let text = field.exposedText()?.trimmingSpaces() else { return nil }
        let start = text.lowercased()
        if start.hasPrefix("steam://") {
            let seed = text.dropFirst("steam://".count).prefix { $0 != "?" && $0 != "/" }
            self.init(secret: Base32.decode(SecretBytes(utf8: String(seed))), length: 5, alphabet: .steam)
            return
        }
        guard start.hasPrefix("otpauth://") else {
            guard text.contains("=") && text.contains("key") else {
                self.init(secret: Self.bareSeed(text))
                return
            }
            let query = OneTimeQuery(text[...])
            // As below.
            guard query["type"]?.lowercased() != "hotp" else { return nil }
            self.init(
                query: query,
                secret: query["key"].flatMap { Self.secret($0, encoding: query["encoding"]) },
                period: "step",
                length: "size",
                hash: "otphashmode"
            )
            return
        }
        // For codes by counter (`hotp`), the counter would have to be stored with every use.
        let isSteam = start.hasPrefix("otpauth://steam")
        guard isSteam || start.hasPrefix("otpauth://totp"), let mark = text.firstIndex(of: "?") else {
            return nil
        }
        let query = OneTimeQuery(text[text.index(after: mark)...])
        let secret = query["secret"].flatMap { Base32.decode(SecretBytes(utf8: $0)) }
        self.init(
            query: query,
            secret: secret,
            period: "period",
            length: "digits",
            hash: "algorithm",
            isSteam: isSteam
        )
    }

    private init?(
        query: OneTimeQuery,
        secret: SecretBytes?,
        period: String,
        length: String,
        hash: String,
        isSteam: Bool = false
    ) {
        let isSteam = isSteam || [query["encoder"], query["type"]].contains { $0?.lowercased() == "steam" }
        self.init(
            secret: secret,
            algorithm: query[hash].map { HMAC.Algorithm(oneTime: $0) } ?? .sha1,
            period: query[period].map { Int64($0) } ?? 30,
            length: isSteam ? 5 : query[length].map { Int($0) } ?? 6,
            alphabet: isSteam ? .steam : .digits
        )
    }

    private init?(seed: SecretBytes, settings: String) {
        let parts = settings.split(separator: ";").map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
        let isSteam = parts.dropFirst().first?.uppercased() == "S"
        self.init(
            secret: Base32.decode(seed),
            period: parts.first.map { Int64($0) } ?? 30,
            length: isSteam ? 5 : parts.dropFirst().first.map { Int($0) } ?? 6,
            alphabet: isSteam ? .steam : .digits
        )
    }

    /// The seed in KeePass's fields, whose names begin with `TimeOtp` or `HmacOtp`.
    static func keePassSecret(_ kind: String, _ fields: [String: SecretBytes]) -> SecretBytes? {
        func field(_ form: String) -> SecretBytes? {
            fields["\(kind)-Secret\(form)"].flatMap { $0.count <= longest ? $0 : nil }
        }
        return field("").flatMap { $0.isEmpty ? nil : $0 }
            ?? field("-Base32").flatMap(Base32.decode)
            ?? field("-Base64").flatMap { base64Bytes($0) }
            ?? field("-Hex").flatMap { hexBytes($0) }
    }

    /// A seed without anything around it, and not a remark: "see paper" would be base32, too.
    ///
    /// No site gives a seed of fewer than 80 bits, and people group its letters evenly.
    private static func bareSeed(_ text: String) -> SecretBytes? {
        let groups = text.split { $0.isWhitespace || $0 == "-" }.map(\.utf8.count)
        guard let first = groups.first, groups.dropLast().allSatisfy({ $0 == first }),
            groups.last.map({ $0 <= first }) ?? false, let seed = Base32.decode(SecretBytes(utf8: text)),
            seed.count >= 10
        else { return nil }
        return seed
    }

    /// A seed as KeeOtp writes it: base32 unless it says otherwise.
    private static func secret(_ text: String, encoding: String?) -> SecretBytes? {
        let bytes = SecretBytes(utf8: text)
        return switch encoding?.lowercased().filter({ $0 != "-" }) {
        case nil, "base32": Base32.decode(bytes)
        case "base64": base64Bytes(bytes)
        case "hex": hexBytes(bytes)
        case "utf8", "ascii": bytes
        default: nil
        }
    }

    private static func base64Bytes(_ text: SecretBytes) -> SecretBytes? {
        let letters = SecretBytes(capacity: text.count) { output in
            _ = text.hasScalar { scalar in
                if !scalar.properties.isWhitespace { for byte in String(scalar).utf8 { output.append(byte) } }
                return false
            }
        }
        return SecretBytes(base64: letters).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func hexBytes(_ text: SecretBytes) -> SecretBytes? {
        var (digits, isText): ([UInt8], Bool) = ([], true)
        defer { digits.wipe() }
        _ = text.hasScalar { scalar in
            if let digit = Character(scalar).hexDigitValue, scalar.isASCII {
                digits.append(UInt8(digit))
            } else {
                isText = isText && (scalar == "-" || scalar.properties.isWhitespace)
            }
            return false
        }
        guard isText, !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        return SecretBytes(capacity: digits.count / 2) { output in
            for index in stride(from: 0, to: digits.count, by: 2) {
                output.append(digits[index] << 4 | digits[index + 1])
            }
        }
    }

    /// What a field says, the usual where there is no such field, or nil where it says nonsense.
    private static func text<Value>(
        _ field: SecretBytes?,
        else usual: Value,
        _ read: (String) -> Value?
    ) -> Value? {
        guard let field else { return usual }
        return field.exposedText().flatMap { read($0.trimmingSpaces()) }
    }
}

extension HMAC.Algorithm {
    /// Reads the names that programs write: `SHA1`, `HMAC-SHA-256`, `HmacSha512`.
    fileprivate init?(oneTime name: String) {
        let letters = name.lowercased().filter { $0.isLetter || $0.isNumber }
        switch letters.hasPrefix("hmac") ? String(letters.dropFirst(4)) : letters {
        case "sha1": self = .sha1
        case "sha256": self = .sha256
        case "sha512": self = .sha512
        default: return nil
        }
    }
}

extension StringProtocol {
    func trimmingSpaces() -> String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
