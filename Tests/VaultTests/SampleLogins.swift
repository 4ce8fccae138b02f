// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import VaultTestSupport

@testable import Vault

extension Login {
    /// A login named by one request or word, whose uuid is made from it.
    static func sample(
        _ name: String,
        title: String = "",
        url: String = "",
        username: String = "",
        furtherURLs: [String] = [],
        settings: EntrySettings = EntrySettings(),
        expires: Int64? = nil,
        isSearchable: Bool = true,
        isRecycled: Bool = false
    ) -> Login {
        Login(
            id: .named(name),
            title: title,
            username: username,
            url: url,
            furtherURLs: furtherURLs,
            settings: settings,
            expires: expires,
            isSearchable: isSearchable,
            isRecycled: isRecycled
        )
    }

    /// The name that `sample` was given.
    var sampleName: String {
        String(decoding: id.bytes.filter { $0 != 0 }, as: UTF8.self)
    }
}

extension LoginID {
    /// The bytes of a word, filled with zeros.
    static func named(_ name: String) -> LoginID {
        let bytes = Array(name.utf8.prefix(16))
        return LoginID(bytes + Array(repeating: 0, count: 16 - bytes.count)) ?? .keePassHttpSettings
    }
}

extension LoginIndex {
    /// The sample names of the matches, joined by spaces.
    func found(
        _ url: String,
        submit: String? = nil,
        realm: String? = nil,
        username: String? = nil,
        options: MatchOptions = MatchOptions(),
        now: Int64 = 1000
    ) -> String {
        let query = MatchQuery(
            url: url,
            submitUrl: submit,
            realm: realm,
            username: username,
            options: options,
            now: now
        )
        return matches(query).map(\.sampleName).joined(separator: " ")
    }
}
