// SPDX-License-Identifier: Apache-2.0

import Clients
import Vault

/// What a request wants logins for.
struct Purpose: Sendable {
    /// The page; nil for a bulk read.
    var query: MatchQuery?
    /// What a search asks for, part by part, so that an allow for one isn't one for another; for other bulk reads it is
    /// which logins they found, and names that no login has make no difference.
    var asked: [String] = []
    /// Whether passwords go out.
    var passwords = true
    /// What is searched for, and where, where the request is a search.
    var search: (text: String, places: [String], isPattern: Bool)?

    /// Whether it names single entries, by title or uuid, so that a grant can cover just those.
    var isByEntry = false

    /// Whether it reads the vault rather than one host.
    var isBulk: Bool { query == nil }
    /// What grants go by: the page's host, with its port where it isn't the scheme's own; for a title, the title.
    var host: String? { query?.host }
    /// The title that the client asks for instead of a page, or what may be shown of it; its word alone.
    var title: String? { query?.page == nil ? query?.host : nil }
    /// The host that the page's form goes to, where it differs.
    var submitHost: String? {
        query?.submit.flatMap { $0.hostAndPort == host ? nil : $0.hostAndPort }
    }

    /// The host in the key of a grant: none for single entries; nil where no grant can cover it.
    var grantedHost: String? { host ?? (isByEntry ? "" : nil) }

    /// Whether an allow may be kept: not where nobody could tell where the form goes from where another one does.
    var isGrantable: Bool { grantedHost != nil && query?.unclearSubmit != UnclearAddress.unreadable }

    /// Where the page's form goes, for the key of a grant.
    ///
    /// A target that could be read as more than one host counts as one of its own.
    var form: GrantKey.Form {
        GrantKey.Form(
            submitHost: submitHost ?? query?.unclearSubmit,
            pageScheme: query?.page?.scheme?.name,
            submitScheme: query?.submit?.scheme?.name
        )
    }
}
