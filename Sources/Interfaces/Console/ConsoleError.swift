// SPDX-License-Identifier: Apache-2.0

/// Why a command didn't do what it was asked; the text says what to do about it.
enum ConsoleError: Error, Equatable, Sendable {
    /// It was refused, or what it is about doesn't exist.
    case refused(String)
    /// The person said no, and knows that.
    case denied
    /// It was called in a way that makes no sense.
    case usage(String)
    /// The daemon isn't running.
    case unreachable(String)
    /// `keybell client` asked, and there is nothing of the kind.
    case nothing(String)

    /// The exit code that scripts rely on.
    var exitCode: Int32 {
        switch self {
        case .refused, .denied: 1
        case .usage: 2
        case .unreachable: 3
        case .nothing: 4
        }
    }

    /// The same kind of error in other words.
    func saying(_ text: String) -> ConsoleError {
        switch self {
        case .refused, .denied: .refused(text)
        case .usage: .usage(text)
        case .unreachable: .unreachable(text)
        case .nothing: .nothing(text)
        }
    }

    /// What to print on standard error.
    var text: String {
        switch self {
        case .denied: "You denied it."
        case .refused(let text), .usage(let text), .unreachable(let text), .nothing(let text): text
        }
    }
}
