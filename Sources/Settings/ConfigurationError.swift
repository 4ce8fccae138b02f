// SPDX-License-Identifier: Apache-2.0

/// Why a configuration can't be used; its description is ready to show to the person.
package enum ConfigurationError: Error, Equatable, Sendable {
    /// The file can't be read at all.
    case unreadable(file: String, reason: String)
    /// The file isn't TOML.
    case syntax(file: String, line: Int, column: Int, message: String)
    /// A key is unknown, or its value can't be meant; `key` is its path, such as `vault[0].name`.
    case invalid(file: String, key: String, message: String)
}

extension ConfigurationError: CustomStringConvertible {
    /// One line that names the file and the place in it.
    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): \(reason)"
        case .syntax(let file, let line, let column, let message):
            "\(file): line \(line), column \(column): \(message)"
        case .invalid(let file, let key, let message): "\(file): \(key): \(message)"
        }
    }
}

/// What is wrong at a key, before the file's name is known.
struct KeyProblem: Error {
    let key: String
    let message: String
}
