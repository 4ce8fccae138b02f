// SPDX-License-Identifier: Apache-2.0

import Linux
import SecureMemory

/// A password from the person or from a pipe, straight into locked memory.
enum PasswordInput {
    /// The longest password that is read.
    static let limit = 4096

    /// Reads one line: from a terminal twice and without echo, from a pipe or file once.
    static func read() throws(ConsoleError) -> SecretBytes {
        guard StandardInput.isTerminal else { return try line() }
        let first = try prompt("Password: ")
        guard try prompt("Again: ") == first else {
            throw .refused("The two passwords differ; nothing was saved.")
        }
        return first
    }

    /// Asks for an existing password: from a terminal without echo, from a pipe or file the first line.
    ///
    /// It may be empty.
    static func ask(_ text: String) throws(ConsoleError) -> SecretBytes {
        guard StandardInput.isTerminal else { return try line(mayBeEmpty: true) }
        return try prompt(text, mayBeEmpty: true)
    }

    private static func prompt(_ text: String, mayBeEmpty: Bool = false) throws(ConsoleError) -> SecretBytes {
        StandardStream.error.write(text)
        defer { StandardStream.error.write("\n") }
        let terminal = try KeyTerminal.ofInput()
        defer { withExtendedLifetime(terminal) {} }
        return try line(mayBeEmpty: mayBeEmpty)
    }

    private static func line(mayBeEmpty: Bool = false) throws(ConsoleError) -> SecretBytes {
        try collect(mayBeEmpty: mayBeEmpty) { () throws(ConsoleError) in
            do throws(SystemCallError) {
                return try StandardInput.readByte()
            } catch {
                throw .refused("Standard input can't be read: \(error.words).")
            }
        }
    }

    /// Takes bytes up to the end of the line, with the keys for correcting it.
    static func collect(
        mayBeEmpty: Bool = false,
        _ next: () throws(ConsoleError) -> UInt8?
    ) throws(ConsoleError) -> SecretBytes {
        let secret = try SecretBytes(capacity: limit) { (bytes) throws(ConsoleError) in
            while let byte = try next() {
                switch byte {
                case 10, 13: return
                case 3, 4: throw .refused("Nothing was changed.")  // Ctrl-C and Ctrl-D, as bytes
                case 8, 127: removeLetter(&bytes)
                case 21: bytes.removeAll()  // Ctrl-U
                default:
                    guard bytes.count < limit else {
                        throw .refused("A password has \(limit) bytes at most.")
                    }
                    bytes.append(byte)
                }
            }
        }
        guard mayBeEmpty || !secret.isEmpty else {
            throw .refused("The password is empty; with --no-password none is sent.")
        }
        return secret
    }

    /// Removes the last letter, which in UTF-8 may be several bytes.
    private static func removeLetter(_ bytes: inout OutputSpan<UInt8>) {
        while let byte = bytes.count > 0 ? bytes.removeLast() : nil, byte & 0xC0 == 0x80 {}
    }
}

extension KeyTerminal {
    /// Standard input as keys, without echo.
    static func ofInput() throws(ConsoleError) -> KeyTerminal {
        do throws(SystemCallError) {
            return try KeyTerminal(StandardInput.descriptor)
        } catch {
            throw .refused("The terminal can't be set to single, unseen keys: \(error.words).")
        }
    }
}
