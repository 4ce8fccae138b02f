// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SecureMemory
import Synchronization
import Vault

extension Target {
    private static let id = LoginID(high: 7, low: 7)

    /// A client's search: its mode and comparison, the search text up to the first line break, and what is searched.
    static let search = Target(limit: 1 << 17) { bytes in
        guard let first = bytes.first else { return }
        let lines = bytes.dropFirst().split(
            separator: UInt8(ascii: "\n"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let text = lines.first else { return }
        let rest = lines.count > 1 ? Array(lines[1]) : []
        do throws(SearchError) {
            let search = try LoginSearch(
                String(decoding: text, as: UTF8.self),
                places: Set(SearchPlace.allCases),
                mode: first.isMultiple(of: 2) ? .regular : .simple,
                comparison: SearchComparison.allCases[Int(first >> 1) % SearchComparison.allCases.count]
            )
            let entry = SearchableEntry(
                login: Login(id: id, title: "t"),
                texts: [
                    .titles: [.plain(String(decoding: rest, as: UTF8.self))],
                    .passwords: [.secret(SecretBytes(copying: rest))],
                ],
                history: [[.notes: [.plain("former")]]]
            )
            var budget = SearchBudget(until: .now + .seconds(2))
            for _ in 0..<2 { _ = try search.finds(entry, now: 0, within: &budget) }
        } catch {
            precondition(!error.sentence.isEmpty)
        }
    }

    /// A text with placeholders, of an entry that has a good deal to tell.
    ///
    /// What isn't taken for a placeholder when a client writes it must be none when it is handed out.
    static let placeholder = Target { bytes in
        let text = SecretBytes(copying: bytes)
        let entry = PlaceholderEntry(
            id: id,
            parts: [
                .title: SecretBytes(utf8: "{USERNAME}{S:a}"), .username: SecretBytes(utf8: "ann{TITLE}"),
                .password: SecretBytes(utf8: "hunter2"),
                .notes: SecretBytes(utf8: "{REF:P@I:00000000000000070000000000000007}"),
                .url: text,
            ],
            fields: [
                "a": SecretBytes(utf8: "{S:b}{S:b}"), "b": SecretBytes(utf8: "{S:a}{PASSWORD}"), "c": text,
                "otp": SecretBytes(utf8: "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"),
            ]
        )
        let found = awaiting {
            let resolver = PlaceholderResolver(
                scope: PlaceholderScope(passwords: true, fields: .all),
                now: 59,
                find: { reference in reference.means(entry) ? entry : nil }
            )
            var budget = ExpansionBudget()
            return try? await resolver.resolved(text, of: entry, in: .field, within: &budget)
        }
        guard let found else { return }
        precondition(found.count <= bytes.count + 65536, "it grew beyond its bounds")
        precondition(PlaceholderForm.stands(in: text) || found == text, "text became something else")
    }

    /// Waits for what is quickly done.
    private static func awaiting<Result: Sendable>(_ work: @escaping @Sendable () async -> Result?) -> Result?
    {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result?>(nil)
        Task {
            let value = await work()
            result.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        return result.withLock { $0 }
    }
}
