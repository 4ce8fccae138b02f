// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import UnicodeText
import Vault

/// Reads which page a request wants logins for.
struct PageQuery: Sendable {
    /// How many bytes of an address are looked at; what comes after them says nothing of its host.
    static let longestAddress = 8192

    private let options: MatchOptions
    private let now: @Sendable () -> Int64

    /// Makes one that matches by these options.
    init(options: MatchOptions, now: @escaping @Sendable () -> Int64) {
        self.options = options
        self.now = now
    }

    /// The query for the Url, SubmitUrl, Realm and Login of a request.
    func query(of verified: VerifiedRequest) throws(Refusal) -> MatchQuery {
        let (url, submit) = (try verified.required("Url"), verified.text("SubmitUrl"))
        let (page, form) = (Self.head(of: url), submit.map(Self.head))
        // An address whose host is cut off matches nothing.
        let isWhole = page != nil && form != .some(nil)
        return MatchQuery(
            url: isWhole ? page ?? "" : "",
            submitUrl: isWhole ? form ?? nil : nil,
            realm: verified.text("Realm"),
            username: verified.text("Login"),
            options: options,
            now: now()
        )
    }

    /// As much of an address as is looked at; nil if that doesn't contain the whole host.
    private static func head(of address: String) -> String? {
        guard address.utf8.count > longestAddress else { return address }
        let head = address.cut(toBytes: longestAddress)
        guard let scheme = head.utf8.schemeMark else { return nil }
        let isHostWhole = head.utf8[scheme.upperBound...].contains { "/?#".utf8.contains($0) }
        return isHostWhole ? head : nil
    }
}
