// SPDX-License-Identifier: Apache-2.0

/// What a claimed Origin says about the asker.
package enum ClaimedOrigin: Equatable {
    /// An extension that Chromium or Edge know under one id everywhere.
    case knownExtension(String)
    /// Some other extension; Firefox gives each a random id in every profile.
    case otherExtension
    /// A page, which is let in only where `allowed_origins` has it.
    case page(String)

    /// Reads an Origin.
    package init(_ origin: String) {
        guard let parts = Self.parts(of: origin), parts.scheme.hasSuffix("-extension") else {
            self = .page(origin)
            return
        }
        let name = parts.scheme == "chrome-extension" ? KnownExtensions.names[parts.rest] : nil
        self = name.map { .knownExtension($0) } ?? .otherExtension
    }

    private static func parts(of origin: String) -> (scheme: String, rest: String)? {
        // By bytes, for it may be any text; no id is as long as that.
        guard origin.utf8.count <= 128, let colon = origin.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            return nil
        }
        let rest = origin.utf8[colon...].dropFirst(3).prefix { $0 != UInt8(ascii: "/") }
        return (String(Substring(origin.utf8[..<colon])), String(Substring(rest)))
    }
}
