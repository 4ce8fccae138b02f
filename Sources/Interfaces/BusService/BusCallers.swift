// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import DBus
import DisplayText
import Glibc

extension Answerer {
    /// Its executable, fit to be shown; nil if unknown.
    var shownExecutable: String? {
        chain.first.map { PlainText.field($0.executable) }
    }
}

/// Who calls one of our methods: what the bus daemon knows, and what `/proc` says of that process.
struct BusCallers: Sendable {
    /// Looks at a process.
    typealias Reader = @Sendable (_ pid: Int32, _ uid: UInt32) async -> Answerer

    let bus: BusConnection
    let approvals: ApprovalBroker
    private let read: Reader
    /// The path of our own command line; nil where our own folder can't be found.
    private let commandLine: String?

    init(bus: BusConnection, approvals: ApprovalBroker, read: @escaping Reader) {
        self.bus = bus
        self.approvals = approvals
        self.read = read
        let own = Answerer.read(pid: getpid(), uid: getuid()).chain.first?.executable ?? ""
        commandLine = own.lastIndex(of: "/").map { own[..<$0] + "/keybell" }
    }

    /// The process behind a unique name.
    ///
    /// A process number is used again once its process has ended, and the bus goes on naming it while a child keeps the
    /// connection. So the process must not be younger than the connection and, where the bus can tell, not have ended.
    func identify(_ sender: String) async throws(DBusError) -> Answerer {
        let credentials = try await bus.credentials(of: sender)
        let answerer = await read(credentials.pid, credentials.uid)
        var isItsOwn = credentials.isConfirmed(by: try await bus.credentials(of: sender))
        if let identity = answerer.identity, isItsOwn {
            // Where that failed as Keybell began, as with a bus that had no more rules to give.
            try await bus.noteConnections()
            isItsOwn = await bus.canHaveMade(sender, startTime: identity.startTime)
        }
        guard isItsOwn else { throw .notAllowed("Who calls could not be found out.") }
        return answerer
    }

    /// The caller of a method or the reader of a property: never one in a sandbox, nor one that can't be seen.
    @discardableResult
    func unsandboxed(_ sender: String) async throws(DBusError) -> Answerer {
        let answerer = try await identify(sender)
        guard answerer.identity != nil else { throw .notAllowed("Who calls could not be found out.") }
        guard answerer.sandbox == nil else { throw .notAllowed("A sandboxed program can't do that.") }
        return answerer
    }

    /// The caller of `Forget`, `Import`, `Unlock` and `Unmute`: also not one that belongs to an asker or to who was just denied, as
    /// for an answer, nor one that runs the same program or descends from such a one (`AnswerRule.runsProgram`).
    ///
    /// Our own command line itself may be asking in a script while the person uses it elsewhere.
    @discardableResult
    func uninvolved(_ sender: String) async throws(DBusError) -> Answerer {
        let answerer = try await unsandboxed(sender)
        guard await approvals.isUninvolved(marked(answerer)) else {
            throw .notAllowed(
                "This program has a request waiting or was denied just now. Run keybell in another terminal."
            )
        }
        return answerer
    }

    /// Refuses a caller that belongs to a client itself, which may neither widen what it gets nor call itself something else.
    ///
    /// Its program belongs to it, who was served under its Id lately, and what those have started.
    func checkIsApart(_ answerer: Answerer, from client: Client) async throws(DBusError) {
        guard await approvals.isUninvolved(marked(answerer), in: client.id, of: client.program) else {
            throw .notAllowed(
                "This program belongs to the client itself, which may not decide that. Run keybell in another terminal."
            )
        }
    }

    /// Through what an answer of this caller comes.
    ///
    /// Our own command line on a terminal is trusted where it can't be told who asks.
    func surface(of answerer: Answerer) -> Surface {
        let own = marked(answerer)
        guard own.isCommandLine, let process = own.chain.first, process.hasTerminal else { return .bus(own) }
        return .terminal(own)
    }

    /// The same caller, with whether it is our own command line.
    private func marked(_ answerer: Answerer) -> Answerer {
        var marked = answerer
        marked.isCommandLine = answerer.chain.first.map(isCommandLine) ?? false
        return marked
    }

    /// Whether a process runs the very file of our own command line, not one that just its own mounts have there.
    private func isCommandLine(_ process: ProcessRecord) -> Bool {
        process.isFoundAtPath && process.executable == commandLine
    }
}
