// SPDX-License-Identifier: Apache-2.0

/// What let a request through, for the record of it.
enum Permission: Hashable, Sendable {
    /// The person's word on this request.
    case answer(code: String)
    /// What the person had decided before.
    case grant
    /// The entry's own list of hosts.
    case entry
    /// `ask = "never"`.
    case configuration

    /// The request's code, where one was answered.
    var code: String? {
        if case .answer(let code) = self { code } else { nil }
    }

    var words: String {
        switch self {
        case .answer(let code): "answer \(code)"
        case .grant: "a grant"
        case .entry: "the entry's own list"
        case .configuration: "the configuration"
        }
    }
}
