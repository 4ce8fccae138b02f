// SPDX-License-Identifier: Apache-2.0

import BusInterface
import Callers
import DBus
import Linux
import Vault

/// The options of `UnlockWithOptions`.
enum UnlockOptions {
    private typealias Option = VaultsInterface.UnlockOption

    /// No terminal's name, type or locale is longer.
    private static let longest = 128

    /// Reads the terminal that a caller lends; nil if it lends none.
    ///
    /// - Parameters:
    ///   - options: As they came.
    ///   - caller: Who lends it: nobody can lend another's.
    /// - Returns: The terminal.
    /// - Throws: `invalidArgs` for what isn't an option, or not of its type, or not the caller's terminal.
    static func terminal(
        _ options: [String: Value],
        of caller: Answerer
    ) throws(DBusError) -> LentTerminal? {
        let known: Set = [Option.terminal, Option.terminalType, Option.locale, Option.display]
        guard known.isSuperset(of: options.keys) else {
            throw .invalidArgs("The options of an unlock are \(known.sorted().joined(separator: ", ")).")
        }
        let type = try text(Option.terminalType, in: options)
        let locale = try text(Option.locale, in: options)
        let display = options[Option.display] ?? .boolean(false)
        guard let hasDisplay = display.asBool else { throw .invalidArgs("display must be a boolean.") }
        guard let device = try text(Option.terminal, in: options) else { return nil }
        guard let pid = caller.identity?.pid, let status = ProcessTable.status(of: pid),
            TerminalDevice.number(device) == status.terminal, status.terminal != 0,
            let own = TerminalDevice.path(status.terminal)
        else { throw .invalidArgs("terminal must be the caller's controlling terminal.") }
        return LentTerminal(device: own, type: type, locale: locale, hasDisplay: hasDisplay)
    }

    private static func text(_ name: String, in options: [String: Value]) throws(DBusError) -> String? {
        guard let value = options[name] else { return nil }
        guard let text = value.asString, text.utf8.count <= longest,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .invalidArgs("\(name) must be a word of at most \(longest) letters.") }
        return text.isEmpty ? nil : text
    }
}
