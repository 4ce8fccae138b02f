// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// A JSON value as it came in.
///
/// Numbers stay text: the protocol has none that are calculated with.
package enum JSONValue: Equatable, Sendable {
    /// Nothing.
    case null
    /// A Boolean.
    case bool(Bool)
    /// A number, as it is written.
    case number(String)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Members.
    case object(JSONObject)
    /// A text that must not become a `String`, which nobody could wipe: that of the secret member, or any that is kept
    /// in secret memory.
    case secret(SecretBytes)

    /// The text, if it isn't empty; the protocol's clients send `null` and `""` for "none".
    package var nonEmptyString: String? {
        guard case .string(let text) = self, !text.isEmpty else { return nil }
        return text
    }

    /// Whether it stands for "none" where a text is expected.
    package var isAbsentText: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .secret(let text): text.isEmpty
        default: false
        }
    }

    /// A Boolean in one of the spellings that clients use; nil for anything else.
    package var asFlag: Bool? {
        switch self {
        case .bool(let claim): claim
        case .string(let text): text.utf8.count <= 5 ? Bool(text.lowercased()) : nil
        default: nil
        }
    }
}
