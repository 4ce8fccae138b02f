// SPDX-License-Identifier: Apache-2.0

import BusInterface
import ConcurrencyTools
import DBus
import Glibc
import KDBX
import Linux
import LoginExport
import SecureMemory
import Vault

/// Where logins come from.
enum ImportSource {
    case csv(ImportFile, ExportHeader)
    case kdbx(Database)
}

/// The logins of a file on their way to the daemon, one at a time.
struct ImportSending {
    /// How long the daemon may take nothing.
    private static let timeout = Duration.seconds(60)
    /// How long reading the file may take to end once the daemon has refused what came of it.
    private static let readingEnd = Duration.seconds(1)
    private static let queue = TaskQueue(label: "org.keybell.import")

    private let stream: ByteStream
    /// The group that they all go into; empty for their own.
    private let group: String
    private var lines = ImportLines()

    private init(_ stream: ByteStream, group: String) { (self.stream, self.group) = (stream, group) }

    /// Sends all of them, and waits until the daemon has put them into the vault.
    ///
    /// - Parameters:
    ///   - source: Where they come from.
    ///   - daemon: Where they go.
    ///   - vault: The vault's name.
    ///   - group: The group that they all go into; empty for their own.
    ///   - isDryRun: Whether nothing is stored.
    /// - Returns: What became of them.
    /// - Throws: Why nothing was stored.
    static func run(
        _ source: sending ImportSource,
        to daemon: DaemonBus,
        vault: String,
        group: String,
        isDryRun: Bool
    ) async throws(ConsoleError) -> ImportLines {
        let (own, passed) = try ends()
        let sent = Task(executorPreference: queue) {
            var sending = ImportSending(own, group: group)
            let lines = Result { () throws(ConsoleError) in try sending.send(source) }
            // The daemon needn't wait for what doesn't come any more.
            if case .failure = lines { own.end() }
            return lines
        }
        do throws(ConsoleError) {
            let answer = try await Interruption.telling(isDryRun ? "the dry run" : "the import") {
                () async throws(ConsoleError) -> [Value] in
                try await daemon.call(
                    VaultsInterface.description,
                    VaultsInterface.importLogins,
                    [
                        .string(vault), .descriptor(passed),
                        .vardict([VaultsInterface.ImportOption.dryRun: .boolean(isDryRun)]),
                    ],
                    // A keyring stores one login after the other.
                    timeout: .seconds(3600)
                )
            }
            return try await sent.value.get().with(answer.first?.vardict ?? [:])
        } catch {
            // What isn't taken by now never will be.
            own.end()
            // Where reading the file has failed, the daemon only knows that nothing came any more. Where the file is a pipe
            // whose other end says nothing, its reading may never end.
            if case .done(.failure(let reading)) = await timed(readingEnd, { await sent.value }) {
                throw reading
            }
            throw error
        }
    }

    private static func ends() throws(ConsoleError) -> (ByteStream, PassedDescriptor) {
        do throws(SystemCallError) {
            let (own, other) = try ByteStream.pair()
            guard let passed = PassedDescriptor(duplicating: other.number) else {
                throw SystemCallError(call: "fcntl", code: EMFILE)
            }
            return (own, passed)
        } catch {
            throw .refused("The logins can't be sent to Keybell: \(error.words).")
        }
    }

    private mutating func send(_ source: ImportSource) throws(ConsoleError) -> ImportLines {
        var failure: ConsoleError?
        func take(_ row: ImportedRow) -> Bool {
            do throws(ConsoleError) {
                return try send(row)
            } catch {
                failure = error
                return false
            }
        }
        switch source {
        case .csv(let file, let header): try file.rows(of: header, take)
        case .kdbx(let database): database.logins(take)
        }
        if let failure { throw failure }
        _ = try write(ExportedLogin.endOfTransfer)
        return lines
    }

    /// - Returns: Whether the daemon takes more.
    private mutating func send(_ row: ImportedRow) throws(ConsoleError) -> Bool {
        guard case .success(var login) = row.login else {
            lines.add(row)
            return true
        }
        if !group.isEmpty { login.group = login.group.isEmpty ? group : "\(group)/\(login.group)" }
        var bytes: [UInt8]
        do throws(RowFault) {
            bytes = try login.transferred()
        } catch {
            lines.add(ImportedRow(line: row.line, login: .failure(error)))
            return true
        }
        defer { bytes.wipe() }
        lines.add(row)
        return try write(bytes)
    }

    /// - Returns: False where the daemon takes no more; it says why by its answer.
    private func write(_ bytes: [UInt8]) throws(ConsoleError) -> Bool {
        do throws(SystemCallError) {
            try stream.write(bytes, within: Self.timeout)
            return true
        } catch {
            guard error.code != EPIPE, error.code != ECONNRESET else { return false }
            throw .refused("The logins can't be sent to Keybell: \(error.words). Nothing was imported.")
        }
    }
}
