// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText
import LoginExport
import LoginImport
import Vault

/// What is said about the logins of a file: a line for each, without its secrets.
struct ImportLines: Sendable {
    /// What is said about one.
    struct Line: Sendable {
        /// The line of the file; nil where it has none.
        let number: Int?
        let title: String
        let username: String
        /// The host where it belongs; empty where there is none.
        let place: String
        /// What of it isn't taken over.
        let leftOut: [String]
        /// What the vault says; nil for one that couldn't be read.
        var outcome: ImportResult.Outcome?
        /// Why it couldn't be read, or can't be kept.
        var reason: String?
        /// Whether it was left out because it isn't anybody's login.
        let isNobodys: Bool
    }

    /// How many are kept of those that can't be read: a file may have nothing else.
    private static let mostUnread = 1000

    private(set) var lines: [Line] = []
    /// How many more can't be read.
    private(set) var moreUnread = 0
    /// How many rows there are that can't be read and are kept.
    private var keptUnread = 0
    /// How many can't be read; of what a quotation mark swallows that is never closed, each line counts.
    private(set) var unreadCount = 0
    /// How many of the entries of a database, which has no lines, are left out since they aren't anybody's logins.
    private(set) var nobodys: [(reason: String, count: Int)] = []

    /// Notes what was sent, or can't be read.
    mutating func add(_ row: ImportedRow) {
        switch row.login {
        case .success(let login):
            let url = login.urls.first ?? ""
            lines.append(
                Line(
                    number: row.line,
                    title: login.title,
                    username: login.username,
                    place: PageAddress(loose: url)?.hostAndPort ?? "",
                    leftOut: row.leftOut,
                    outcome: .new,
                    isNobodys: false
                )
            )
        case .failure(let fault):
            let isNobodys = [.empty, .recycled, .pluginSettings].contains(fault)
            if isNobodys, row.line == nil { return countNobodys(fault.words) }
            if case .unclosedQuote(let last) = fault, let first = row.line {
                unreadCount += max(1, last - first + 1)
            } else if !isNobodys {
                unreadCount += 1
            }
            guard isNobodys || keptUnread < Self.mostUnread, lines.count < 1_000_000 else {
                moreUnread += 1
                return
            }
            if !isNobodys { keptUnread += 1 }
            lines.append(
                Line(
                    number: row.line,
                    title: "",
                    username: "",
                    place: "",
                    leftOut: [],
                    outcome: nil,
                    reason: fault.words,
                    isNobodys: isNobodys
                )
            )
        }
    }

    private mutating func countNobodys(_ reason: String) {
        if let index = nobodys.firstIndex(where: { $0.reason == reason }) {
            nobodys[index].count += 1
        } else {
            nobodys.append((reason, 1))
        }
    }

    /// With what the daemon says about those that were sent.
    func with(_ result: [String: Value]) throws(ConsoleError) -> ImportLines {
        typealias Key = VaultsInterface.ImportKey
        let outcomes = (result[Key.outcomes]?.asArray ?? []).map { value -> ImportResult.Outcome? in
            guard case .byte(let number) = value else { return nil }
            return ImportResult.Outcome(rawValue: number)
        }
        var reasons: [Int: String] = [:]
        for case .structure(let pair) in result[Key.reasons]?.asArray ?? [] {
            guard let place = pair.first?.asUInt32, let reason = pair.last?.asString else { continue }
            reasons[Int(place)] = reason
        }
        var told = self
        let sent = lines.indices.filter { lines[$0].outcome != nil }
        guard sent.count == outcomes.count else {
            throw .refused(
                "Keybell has answered about \(outcomes.count) logins, not \(sent.count): see `keybell log`."
            )
        }
        for (place, index) in sent.enumerated() {
            // A word that a later daemon may have: it isn't known to be in the vault.
            told.lines[index].outcome = outcomes[place] ?? .refused
            told.lines[index].reason = reasons[place]
        }
        return told
    }

    /// How many have an outcome.
    func count(_ outcome: ImportResult.Outcome) -> Int { lines.count { $0.outcome == outcome } }

    /// Whether something of the file isn't in the vault that might be missed.
    var isIncomplete: Bool { count(.different) + count(.refused) + unreadCount > 0 }

    /// Whether the vault lacks anything that the file has.
    var lacksAnything: Bool {
        isIncomplete || lines.contains { !$0.leftOut.isEmpty && $0.outcome == .new }
    }
}
