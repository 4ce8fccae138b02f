// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Linux
import SecureMemory

/// What the commands print.
///
/// Lines here come from Keybell or have been through ``PlainText``.
enum Output {
    /// Prints one or more lines on standard output.
    static func line(_ text: String) {
        StandardStream.output.write(text + "\n")
    }

    /// Prints one or more lines for a person: on a terminal wrapped between words.
    static func text(_ text: String) {
        let layout = TerminalLayout.ofOutput()
        line(layout.columns == nil ? text : layout.set(text))
    }

    /// Prints a JSON value on standard output.
    static func json(_ value: JSON) {
        line(value.text)
    }

    /// Says on standard error what is going on, for a person who is waiting.
    static func note(_ text: String) {
        StandardStream.error.write(text + "\n")
    }

    /// Says on standard error what went wrong.
    static func complaint(_ text: String) {
        message("keybell: " + text)
    }

    /// Prints on standard error what is said about arguments, which may have anything in them.
    static func message(_ text: String) {
        StandardStream.error.write(PlainText.laidOut(text) + "\n")
    }

    /// Prints a secret on standard output from where it is, without a copy in a text.
    static func secret(_ secret: SecretBytes) {
        secret.withSpan { StandardStream.output.write($0) }
    }

    /// Asks a question that only a `y` answers with yes.
    ///
    /// - Returns: What was answered; nil if the answer can't come from a person, as in a script.
    static func confirm(_ question: String) -> Bool? {
        guard StandardInput.isTerminal else { return nil }
        let question = question + " [y/N] "
        if StandardStream.error.isTerminal {
            StandardStream.error.write(question)
        } else {
            // What can't be asked isn't answered with yes.
            guard TerminalDevice.writeToOwn(question) else { return false }
        }
        var answer: [UInt8] = []
        // The end of input, or its failure, is no yes.
        while let byte = try? StandardInput.readByte(), byte != UInt8(ascii: "\n") { answer.append(byte) }
        return ["y", "yes"].contains(String(decoding: answer, as: UTF8.self).lowercased())
    }
}
