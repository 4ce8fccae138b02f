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
    /// It didn't greet in time.
    case silent
    /// It sent what isn't the protocol, or far too much.
    case garbled
}

/// A conversation with a server of the Assuan protocol over its standard input and output, one command at a time.
struct AssuanLink {
    /// The longest line that the protocol allows, its newline left out.
    static let longestLine = 1000

    private let child: ChildProgram
    private var lines: AsyncStream<SecretBytes>.Iterator

    /// Takes a server's greeting, which comes before it asks anybody anything.
    init(child: ChildProgram, output: OutputLines, greetedWithin limit: Duration) async throws(AssuanError) {
        self.child = child
        lines = output.lines.makeAsyncIterator()
        let alarm = Alarm(after: limit) { output.giveUp() }
        defer { alarm.cancel() }
        do throws(AssuanError) {
            _ = try await answer()
        } catch {
            throw output.isGivenUp ? .silent : error
        }
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
        throw .ended
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
