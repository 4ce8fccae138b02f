// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText

/// Which entry of a request is meant: by its uuid, its number in `keybell requests CODE`, or its title.
enum EntryChoice {
    /// The uuids that some arguments of `--entry` mean.
    ///
    /// A title is looked for first, since one may look like a number; where several entries bear it, a number has to
    /// say which.
    static func uuids(
        of arguments: [String],
        among entries: [RequestDetails.Entry]
    ) throws(ConsoleError) -> [String] {
        var uuids: [String] = []
        for argument in arguments {
            let uuid = try uuid(of: argument, among: entries)
            if !uuids.contains(uuid) { uuids.append(uuid) }
        }
        return uuids
    }

    private static func uuid(
        of argument: String,
        among entries: [RequestDetails.Entry]
    ) throws(ConsoleError) -> String {
        if let entry = entries.first(where: { $0.uuid == argument.uppercased() }) { return entry.uuid }
        let exact = entries.indices.filter { entries[$0].title == argument }
        let titled =
            exact.isEmpty
            ? entries.indices.filter { entries[$0].title.lowercased() == argument.lowercased() } : exact
        if let index = titled.first {
            guard titled.count == 1 else {
                let all = titled.map { String($0 + 1) }
                let numbers = all.dropLast().joined(separator: ", ") + " or " + (all.last ?? "")
                throw .refused(
                    "Several logins are called \(PlainText.quoted(argument)): say which by its number, \(numbers)."
                )
            }
            return entries[index].uuid
        }
        if let number = Int(argument), entries.indices.contains(number - 1) {
            return entries[number - 1].uuid
        }
        throw .refused(
            entries.isEmpty
                ? "This request lists no logins to choose from."
                : "No login \(PlainText.quoted(argument)) is asked for: say its title, or its number from 1 to \(entries.count)."
        )
    }
}

extension DaemonBus {
    /// All entries of a request, also those that its details leave out.
    func entries(of request: RequestDetails) async throws(ConsoleError) -> [RequestDetails.Entry] {
        var entries = request.entries
        while entries.count < request.entryCount {
            let answer = try await call(
                ApprovalInterface.description,
                ApprovalInterface.getEntries,
                [.string(request.code), .uint32(UInt32(clamping: entries.count))]
            )
            let more = (answer.first?.asArray ?? []).compactMap { RequestDetails.Entry(reading: $0) }
            guard !more.isEmpty else { break }  // what has changed meanwhile ends here
            entries += more
        }
        return entries
    }
}
