// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// Why a configuration can't be used; its description is ready to show to the person.
package enum ConfigurationError: Error, Equatable, Sendable {
    /// The file can't be read at all.
    case unreadable(file: String, reason: String)
    /// Other users could have written the file, or put another in its place: they may write to `place`, the file itself
    /// or what leads to it, or it belongs to the user `owner`.
    case exposed(file: String, place: String, owner: UInt32?)
    /// The file isn't TOML.
    case syntax(file: String, line: Int, column: Int, message: String)
    /// A key is unknown, or its value makes no sense; `key` is its path, such as `vault[0].name`.
    case invalid(file: String, key: String, message: String)
}

extension ConfigurationError: CustomStringConvertible {
    /// One line that names the file and the place in it.
    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): \(reason)"
        case .exposed(let file, let place, let owner): Self.exposed(file, place, owner)
        case .syntax(let file, let line, let column, let message):
            "\(file): line \(line), column \(column): \(message)"
        case .invalid(let file, let key, let message): "\(file): \(key): \(message)"
        }
    }

    /// Where the mistake is, without any path of this computer: fit for a program to show.
    package var place: String {
        switch self {
        case .unreadable: "it can't be read"
        case .exposed: "other users may write to it"
        case .syntax(_, let line, let column, _): "line \(line), column \(column)"
        case .invalid(_, let key, _): key
        }
    }

    private static func exposed(_ file: String, _ place: String, _ owner: UInt32?) -> String {
        let thing = place == file ? "it" : place
        let name = ShellWord.quoting(place)
        let cure =
            owner == nil
            ? "run `chmod go-w \(name)` and see that it says what you want"
            : "run `sudo chown $USER \(name)`, or keep the file elsewhere, and see that it says what you want"
        let state = owner.map { "belongs to another user (uid \($0))" } ?? "can be written to by other users"
        return "\(file): \(thing) \(state), and the configuration names programs to run: \(cure)"
    }
}

/// What is wrong at a key, before the file's name is known.
struct KeyProblem: Error {
    let key: String
    let message: String
}
