// SPDX-License-Identifier: Apache-2.0

/// Why a request is not one: the client's fault, before or after its signature is looked at.
package enum RequestError: Error, Equatable, Sendable {
    /// The body is not a JSON object; why and where, nothing of its text.
    case malformedJSON(String)
    /// A request type that there is not; its text, cleaned and cut.
    case unknownCommand(String)
    /// A field that this request type needs is absent or empty.
    case missing(String)
    /// `SearchMode` is neither `Simple` nor `Regular`.
    case invalidSearchMode
    /// The search's regular expression is none; its text, cleaned and cut.
    case invalidExpression(String)

    /// What the client is told.
    package var sentence: String {
        switch self {
        case .malformedJSON(let reason): "Malformed JSON: \(reason)"
        case .unknownCommand(let name): "Unknown command: \(name)"
        case .missing(let field): "Invalid request: \(field): required"
        case .invalidSearchMode: "Invalid search mode"
        case .invalidExpression(let text): "Invalid regular expression: \(text)"
        }
    }

    /// A stranger's text made fit for a sentence that a person may see: no controls, no invisible or direction
    /// characters, at most 64 of the rest.
    package static func cleaned(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where isVisible(scalar) {
            guard clean.count < longestQuote else { break }
            clean.append(scalar)
        }
        return String(clean)
    }

    private static let longestQuote = 64

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
