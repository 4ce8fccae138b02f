// SPDX-License-Identifier: Apache-2.0

extension AnswerRule {
    /// Whether an answerer, or one of its parents, runs a program of the asker's, be it in another process.
    ///
    /// Any asker can become whatever a person works with: their shell, their terminal, the service manager. So that it
    /// locks nobody out, our own command line on a terminal of a session apart is taken as the person's, and of parents
    /// elsewhere those don't count that run programs for anybody.
    package static func runsProgram(of caller: Caller, _ answerer: Answerer) -> Bool {
        let claims = caller.claims
        guard !claims.isEmpty, let first = answerer.chain.first else { return false }
        if answerer.isCommandLine {
            guard !isInSessionApart(answerer, from: [caller]) else { return false }
        } else if runs(first, oneOf: claims) {
            return true
        }
        return answerer.chain.dropFirst().contains { parent in
            runs(parent, oneOf: claims) && !parent.isServiceManager && !parent.isAnyScript
                && !isOlderAndApart(parent, from: caller)
        }
    }

    /// Whether an answerer, or one of its parents, runs a program that is known by its id alone, as that of a client is that
    /// isn't asking now.
    ///
    /// - Parameters:
    ///   - id: The program's id (`Program.id`).
    ///   - answerer: Who wants to do something.
    ///   - users: Those of its processes that are known: our own command line in a session apart is taken as the person's.
    /// - Returns: Whether it does.
    package static func runsProgram(_ id: String, _ answerer: Answerer, apartFrom users: [Caller]) -> Bool {
        guard !id.isEmpty, let first = answerer.chain.first else { return false }
        let isPersons = answerer.isCommandLine && isInSessionApart(answerer, from: users)
        if !isPersons, runs(first, oneOf: [id]) { return true }
        return answerer.chain.dropFirst().contains { parent in
            runs(parent, oneOf: [id]) && !parent.isServiceManager && !parent.isAnyScript
        }
    }

    private static func runs(_ process: ProcessRecord, oneOf claims: Set<String>) -> Bool {
        !process.executable.isEmpty && claims.contains(process.program)
    }

    /// Whether a process was there before any of the askers that call themselves the same, and in another session: what
    /// was started from those never is.
    private static func isOlderAndApart(_ process: ProcessRecord, from caller: Caller) -> Bool {
        caller.askers.filter { $0.claim == process.program }.allSatisfy { asker in
            process.identity.startTime < asker.process.identity.startTime
                && process.session != asker.process.session
        }
    }
}
