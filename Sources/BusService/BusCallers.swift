// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import DBus

/// Who calls one of our methods: what the bus daemon knows, and what `/proc` says of that process.
struct BusCallers: Sendable {
    let bus: BusConnection
    let desk: FrontDesk
    /// The folder of our own programs; nil where it can't be found.
    private let programs: String?

    init(bus: BusConnection, desk: FrontDesk, ownProcess: Int32) {
        self.bus = bus
        self.desk = desk
        let own = Answerer.read(pid: ownProcess, uid: 0).chain.first?.executable ?? ""
        programs = own.lastIndex(of: "/").map { String(own[..<$0]) }
    }

    /// The process behind a unique name; it may be gone by now, then nothing but its user is known.
    func identify(_ sender: String) async throws(DBusError) -> Answerer {
        let credentials = try await bus.credentials(of: sender)
        return Answerer.read(pid: credentials.pid, uid: credentials.uid)
    }

    /// The caller of a method that changes something: never one in a sandbox.
    func unsandboxed(_ sender: String) async throws(DBusError) -> Answerer {
        let answerer = try await identify(sender)
        guard answerer.sandbox == nil else { throw .notAllowed("A sandboxed program can't do that.") }
        return answerer
    }

    /// The caller of `Forget` and `Unlock`: also not one whose program waits for an answer, or was just denied.
    func uninvolved(_ sender: String) async throws(DBusError) -> Answerer {
        let answerer = try await unsandboxed(sender)
        let program = Caller(
            uid: answerer.uid,
            holders: [],
            processes: answerer.chain,
            sandbox: nil,
            origin: nil,
            userAgent: nil
        ).program
        guard await !desk.isInvolved(programID: program.id) else {
            throw .notAllowed("This program has a request waiting or was denied just now.")
        }
        return answerer
    }

    /// Through what an answer of this caller comes: our own command line on a terminal is trusted where it can't be
    /// told who asks.
    func surface(of answerer: Answerer) -> Surface {
        guard let process = answerer.chain.first, process.hasTerminal, let programs,
            process.executable == programs + "/keybell"
        else { return .bus(answerer) }
        return .terminal(answerer)
    }
}
