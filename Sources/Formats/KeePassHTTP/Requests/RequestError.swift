// SPDX-License-Identifier: Apache-2.0

/// Why a request isn't valid: the client's fault, before or after its signature is checked.
package enum RequestError: Error, Equatable, Sendable {
    /// The body is not a JSON object; why and where, nothing of its text.
    case malformedJSON(String)
    /// A request type that doesn't exist; its text, fit to be shown.
    case unknownCommand(String)
    /// A field that this request type needs is absent or empty.
    case missing(String)
    /// A field that is text contains a NUL.
    case hasNUL(String)
    /// `SearchMode` is neither `Simple` nor `Regular`.
    case invalidSearchMode
    /// `ComparisonMode` isn't one of the comparisons.
    case invalidComparison

    /// What the client is told.
    package var sentence: String {
        switch self {
        case .malformedJSON(let reason): "Malformed JSON: \(reason)"
        case .unknownCommand(let name): "Unknown command: \(name)"
        case .missing(let field): "Invalid request: \(field): required"
        case .hasNUL(let field): "Invalid request: \(field): a text can't have a NUL character in it"
        case .invalidSearchMode: "Invalid search mode"
        case .invalidComparison: "Invalid comparison mode"
        }
    }

    /// The longest client text that a sentence repeats.
    package static let longestQuote = 64
}
