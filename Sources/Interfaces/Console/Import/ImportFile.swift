// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KDBX
import Linux
import LoginExport
import SecureMemory

/// A file with logins of another program, recognized by how it begins.
final class ImportFile {
    /// What kind of file it is.
    enum Kind {
        case csv(ExportHeader)
        case kdbx
    }

    /// How much is in memory at a time, about a row.
    private static let chunk = 4096
    /// More bytes than this are no header.
    private static let longestHeader = 1 << 16

    private let path: String
    private let file: FileChunks
    private(set) var kind = Kind.kdbx
    private var reader = CSVReader()

    /// Whether it stays on the disk, so that it is to be deleted afterwards.
    var isRegular: Bool { file.isRegular }

    /// Opens a file and reads as much of it as says what it is: of a CSV file its first line alone.
    ///
    /// - Parameter path: Where it is; `-` is standard input.
    /// - Throws: Why nothing can be imported from it.
    init(_ path: String) throws(ConsoleError) {
        self.path = path
        do throws(SystemCallError) {
            file = try FileChunks(path == "-" ? nil : path)
        } catch {
            throw .refused("\(PlainText.cleaned(path)) can't be read: \(error.words).")
        }
        kind = try recognized()
    }

    private func recognized() throws(ConsoleError) -> Kind {
        var head: [UInt8] = []
        defer { head.wipe() }
        var length = 0
        var header: Result<ExportHeader, ExportHeader.Fault>?
        while header == nil, let byte = try nextByte() {
            length += 1
            guard length <= Self.longestHeader else { throw notRecognized("its first line is no header.") }
            if head.count < FileBeginning.length { head.append(byte) }
            if length == FileBeginning.length, let kind = try kind(by: head) { return kind }
            reader.read(CollectionOfOne(byte)) { header = Self.header($0) }
        }
        if length < FileBeginning.length, let kind = try kind(by: head) { return kind }
        if header == nil { reader.finish { header = Self.header($0) } }
        switch header {
        case .success(let header): return .csv(header)
        case .failure(let fault): throw refusal(fault)
        case nil: throw .refused("\(PlainText.cleaned(path)) is empty.")
        }
    }

    private static func header(_ row: CSVRow) -> Result<ExportHeader, ExportHeader.Fault> {
        do throws(ExportHeader.Fault) {
            return .success(try ExportHeader(row))
        } catch {
            return .failure(error)
        }
    }

    private func nextByte() throws(ConsoleError) -> UInt8? {
        var one: [UInt8] = [0]
        return try read(into: &one) == 0 ? nil : one[0]
    }

    private func read(into buffer: inout [UInt8]) throws(ConsoleError) -> Int {
        do throws(SystemCallError) {
            return try file.next(into: &buffer)
        } catch {
            throw .refused("\(PlainText.cleaned(path)) can't be read: \(error.words).")
        }
    }

    /// Reads the logins of a CSV file.
    ///
    /// - Parameters:
    ///   - header: What its columns are.
    ///   - take: Called for each row; false ends it.
    /// - Throws: Why the file can't be read on.
    func rows(of header: ExportHeader, _ take: (ImportedRow) -> Bool) throws(ConsoleError) {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        defer { buffer.wipe() }
        var goesOn = true
        func row(_ row: CSVRow) {
            guard goesOn else { return }
            do throws(RowFault) {
                goesOn = take(ImportedRow(line: row.line, login: .success(try header.login(row))))
            } catch {
                goesOn = take(ImportedRow(line: row.line, login: .failure(error)))
            }
        }
        while goesOn {
            let count = try read(into: &buffer)
            guard count > 0 else { return reader.finish(row) }
            reader.read(buffer[..<count], row)
            // The next bytes may be long in coming.
            for index in 0..<count { buffer[index] = 0 }
        }
    }

    // MARK: - What it isn't

    /// What it is by its first bytes; nil for what may be CSV.
    private func kind(by head: [UInt8]) throws(ConsoleError) -> Kind? {
        guard let beginning = FileBeginning(head) else { return nil }
        guard beginning == .kdbx else { throw notRecognized(beginning.words) }
        return .kdbx
    }

    private func notRecognized(_ found: String) -> ConsoleError {
        .refused(
            "\(PlainText.cleaned(path)) isn't a file that can be imported: \(found) Export the logins as CSV from Firefox, Chrome, Edge, Brave, Bitwarden or KeePassXC, or name a .kdbx file."
        )
    }

    private func refusal(_ fault: ExportHeader.Fault) -> ConsoleError {
        switch fault {
        case .repeated(let names):
            let all = names.map { PlainText.quoted($0) }.joined(separator: " and ")
            return .refused(
                "\(PlainText.cleaned(path)) can't be imported: its columns \(all) say the same of a login. Leave one of them, or name it otherwise."
            )
        case .unreadable(let fault): return notRecognized("its first line can't be read (\(fault.words)).")
        case .unknown(let count, let known, let isOther):
            if isOther {
                return notRecognized(
                    "its columns are separated by semicolons or tabs, as a spreadsheet saves them, not by commas."
                )
            }
            guard !known.isEmpty else { return notRecognized("it doesn't begin with the names of columns.") }
            let names = known.map { PlainText.quoted($0) }.joined(separator: ", ")
            let all = known.count == count ? "its columns are" : "among its \(count) columns are"
            return notRecognized("\(all) \(names), which is none of the known files.")
        }
    }
}
