// SPDX-License-Identifier: Apache-2.0

import Callers

// Quiet times and mutes go by what the kernel vouches for, so that no Origin or script's name is a way round them.

/// What is denied unseen for a while after a denial.
enum QuietKey: Hashable, Sendable {
    /// Every associate of a program, whatever key it brings: some clients make a new one at each failure.
    case associate(vouchedID: String)
    /// Every unlock of these vaults that a client asks for which can't be verified: any name can be claimed.
    case unverifiedUnlock(vouchedID: String, vaults: [String])
    /// The same question of the same program.
    case question(Question)

    init(_ request: ApprovalRequest) {
        let program = request.caller.vouchedID
        switch request.kind {
        case .associate: self = .associate(vouchedID: program)
        case .unlock where !request.verified:
            self = .unverifiedUnlock(vouchedID: program, vaults: request.vaults)
        default:
            var question = Question(request)
            question.program = Program(id: program)
            self = .question(question)
        }
    }
}

/// Whom a person has muted: a program, or one script of an interpreter that runs others, too.
struct MutedProgram: Hashable, Sendable {
    let vouchedID: String
    /// The script, whose other names are other programs: just that one is muted.
    let script: String?

    init(_ caller: Caller) {
        vouchedID = caller.vouchedID
        script = caller.sandbox == nil ? caller.processes.first?.script : nil
    }

    init(vouchedID: String) {
        self.vouchedID = vouchedID
        script = nil
    }

    /// Whether it denies what this caller asks.
    func covers(_ caller: Caller) -> Bool {
        self == MutedProgram(caller) || self == MutedProgram(vouchedID: caller.vouchedID)
    }
}

/// A time in which requests are denied unseen, and the denied request that began it.
struct Quiet: Sendable {
    let until: Desk.Instant
    let code: String
}
