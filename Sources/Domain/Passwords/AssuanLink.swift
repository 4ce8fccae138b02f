// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import SecureMemory

/// Why a conversation with an Assuan server failed.
enum AssuanError: Error, Equatable, Sendable {
    /// A command was answered with an error.
    case refused(code: UInt32, text: String)
    /// The server ended, or closed its output, before it had answered.
    case ended
    /// It didn't greet, or didn't answer what asks nobody anything, in time.
    case silent
    /// It sent what isn't the protocol, or far too much.
    case garbled
}

/// A conversation with a server of the Assuan protocol over its standard input and output, one command at a time.
struct AssuanLink {
    /// The longest line that the protocol allows, its newline left out.
    static let longestLine = 1000

    private let child: ChildProgram
    private let output: OutputLines
    private var lines: AsyncStream<SecretBytes>.Iterator
    /// Goes off if the server takes too long before it is to ask somebody.
    private let alarm: Alarm

    /// Takes a server's greeting.
    ///
    /// - Parameters:
    ///   - child: The server.
    ///   - output: What it writes.
    ///   - limit: How long it may take for everything until `ask`.
    /// - Throws: That it doesn't greet.
    init(child: ChildProgram, output: OutputLines, readyWithin limit: Duration) async throws(AssuanError) {
        (self.child, self.output) = (child, output)
        lines = output.lines.makeAsyncIterator()
        alarm = Alarm(after: limit) { output.giveUp() }
        _ = try await answer()
    }

    /// Sends a command for which the server asks somebody, who may take their time.
    @discardableResult
    mutating func ask(_ command: String) async throws(AssuanError) -> SecretBytes {
        alarm.cancel()
        return try await send(command)
    }

    /// Sends a command and waits for its end.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - argument: Its argument, which is escaped and cut to the longest line.
    /// - Returns: The data received, empty if there was none.
    /// - Throws: What the server answered, or that it gave no answer.
    @discardableResult
    mutating func send(_ command: String, _ argument: String = "") async throws(AssuanError) -> SecretBytes {
        guard write(Self.line(command, argument)) else { throw .ended }
        return try await answer()
    }

    /// Sends an option that the server may not know.
    mutating func offer(_ command: String, _ argument: String) async throws(AssuanError) {
        do throws(AssuanError) {
            try await send(command, argument)
        } catch .refused {
            // An option that this pinentry doesn't have.
        } catch {
            throw error
        }
    }

    private mutating func answer() async throws(AssuanError) -> SecretBytes {
        var data: [SecretBytes] = []
        while let line = await lines.next(isolation: #isolation) {
            switch AssuanLine(line) {
            case .ok: return SecretBytes.joining(data)
            case .error(let code, let text): throw .refused(code: code, text: text)
            case .data(let piece): data.append(piece)
            case .inquiry: guard write("CAN") else { throw .ended }
            case .other: break
            case nil: throw .garbled
            }
        }
        throw output.isGivenUp ? .silent : .ended
    }

    private func write(_ line: String) -> Bool {
        child.write(Array((line + "\n").utf8).span)
    }

    /// A command's line, with escapes for what the protocol can't have in an argument.
    static func line(_ command: String, _ argument: String) -> String {
        guard !argument.isEmpty else { return command }
        var line = command + " "
        for character in argument {
            let escaped = character.unicodeScalars.map(escaped).joined()
            guard line.utf8.count + escaped.utf8.count <= longestLine else { break }
            line += escaped
        }
        return line
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "%": "%25"
        case "\r": "%0D"
        case "\n": "%0A"
        default: String(scalar)
        }
    }
}
