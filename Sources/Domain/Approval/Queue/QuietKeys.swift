// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText

// Quiet times and mutes go by what the kernel vouches for, so that no Origin or script's name is a way around them.

/// What is denied unseen for a while after a denial.
enum QuietKey: Hashable, Sendable {
    /// Every associate of a program, whatever key it brings: some clients make a new one at each failure.
    case associate(vouchedID: String)
    /// Every unlock of these vaults that a client asks for which can't be verified: any name can be claimed.
    case unverifiedUnlock(vouchedID: String, vaults: [String])
    /// The same question of the same program.
    case question(QuestionKey)

    /// One for each program that may be the one that asks.
    static func all(of request: ApprovalRequest) -> Set<QuietKey> {
        Set(request.caller.vouchedIDs.map { QuietKey(request, of: $0) })
    }

    private init(_ request: ApprovalRequest, of program: String) {
        switch request.kind {
        case .associate: self = .associate(vouchedID: program)
        case .unlock where !request.verified:
            self = .unverifiedUnlock(vouchedID: program, vaults: request.vaults)
        default:
            // Its name, and whether the key is its own, change with an Origin that anybody can claim.
            var asked = request
            (asked.givenTo, asked.clientName) = (nil, nil)
            var question = QuestionKey(asked)
            question.program = Program(id: program)
            self = .question(question)
        }
    }
}

/// Whom a person has muted: a program, or one script of an interpreter that runs others, too.
struct MutedProgram: Hashable, Sendable {
    /// Its sandbox or path, as the person knows it; empty if it couldn't be seen.
    let name: String
    /// All that it is counted by.
    let vouchedIDs: Set<String>
    /// The script, whose other names are other programs: just that one is muted.
    let script: String?

    /// One for each program that may be the one that asks.
    static func all(of caller: Caller) -> Set<MutedProgram> {
        // What a sandboxed program calls its script counts for nothing.
        let files = Set(caller.askers.compactMap(\.file))
        guard caller.sandboxes.isEmpty else {
            return Set(
                caller.sandboxes.map {
                    MutedProgram(name: $0.name, vouchedIDs: files.union([$0.id]), script: nil)
                }
            )
        }
        guard !caller.askers.isEmpty else { return [MutedProgram(name: "", vouchedIDs: [""], script: nil)] }
        return Set(
            caller.askers.map { asker in
                MutedProgram(
                    name: asker.vouched,
                    vouchedIDs: Set([asker.vouched] + [asker.file].compactMap(\.self)),
                    script: asker.process.script
                )
            }
        )
    }

    /// Whether it denies what this caller asks.
    func covers(_ caller: Caller) -> Bool {
        MutedProgram.all(of: caller).contains { other in
            !other.vouchedIDs.isDisjoint(with: vouchedIDs) && (script == nil || script == other.script)
        }
    }
}

extension MutedProgram {
    /// Whether a person may mean it by this: a path, or the last part of one.
    func isCalled(_ called: String) -> Bool {
        [name, script].compactMap(\.self).contains { path in
            path == called || path.split(separator: "/").last.map(String.init) == called
        }
    }

    /// The program, and the script where only that is muted; fit to be shown.
    var shownName: String {
        ([name] + [script].compactMap(\.self)).map { PlainText.name($0) }.joined(separator: " ")
    }
}

/// A time in which requests are denied unseen, and the denied request that began it.
struct Quiet: Sendable, Equatable {
    let until: ApprovalQueue.Instant
    let code: String
}
