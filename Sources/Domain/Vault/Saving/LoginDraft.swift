// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// What a new login is to hold, or what is to change in a stored one; a member that is nil stays as it is.
package struct LoginDraft: Equatable, Sendable {
    /// The login to change, or nil to make a new one.
    package var id: LoginID?
    /// The user name.
    package var username: String?
    /// The password.
    package var password: SecretBytes?
    /// Where it belongs.
    package var url: String?
    /// What people are to call it.
    package var title: String?
    /// The group for a new login, made when missing; a stored one stays where it is.
    package var group: String
    /// Whether that is a group's path, as a restriction has it, rather than the name of one below the root.
    package var isGroupPath: Bool
    /// The realm that it is for.
    package var realm: String?
    /// Hosts to add to those that get it without a question, each as `PageAddress.hostAndPort`.
    package var allowHosts: [String]
    /// String fields to set, or with nil to remove.
    package var fields: [String: SecretBytes?]

    /// Describes a change; what is left out stays as it is.
    package init(
        id: LoginID? = nil,
        username: String? = nil,
        password: SecretBytes? = nil,
        url: String? = nil,
        title: String? = nil,
        group: String = LoginDraft.defaultGroup,
        isGroupPath: Bool = false,
        realm: String? = nil,
        allowHosts: [String] = [],
        fields: [String: SecretBytes?] = [:]
    ) {
        self.id = id
        self.username = username
        self.password = password
        self.url = url
        self.title = title
        self.group = group
        self.isGroupPath = isGroupPath
        self.realm = realm
        self.allowHosts = allowHosts
        self.fields = fields
    }

    /// The group into which the plugin, and Keybell by default, puts new logins.
    package static let defaultGroup = "KeePassHttp Passwords"
}
