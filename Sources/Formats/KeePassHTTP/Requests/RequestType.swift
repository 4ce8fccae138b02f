// SPDX-License-Identifier: Apache-2.0

/// What a client can ask for; the raw value is the wire's word.
package enum RequestType: String, CaseIterable, Sendable {
    /// Whether the client's key is still known; also the unsigned ping for version and hash.
    case testAssociate = "test-associate"
    /// Accept this client's key.
    case associate
    /// The logins for a URL.
    case getLogins = "get-logins"
    /// How many logins there are for a URL.
    case getLoginsCount = "get-logins-count"
    /// The logins with these titles.
    case getLoginsByNames = "get-logins-by-names"
    /// The login with this UUID.
    case getLoginByUUID = "get-login-by-uuid"
    /// Every login.
    case getAllLogins = "get-all-logins"
    /// The logins that a search finds.
    case customSearch = "get-logins-custom-search"
    /// Create or change a login.
    case setLogin = "set-login"
    /// A fresh password.
    case generatePassword = "generate-password"
}
