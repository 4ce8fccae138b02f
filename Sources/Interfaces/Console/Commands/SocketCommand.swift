// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import Glibc
import Linux
import Settings

/// `keybell socket`: has systemd hold the port that the configuration names.
struct SocketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "socket",
        abstract: "Have systemd hold the port that the configuration names.",
        discussion: """
            keybell.socket has a port of its own, 19455. This writes a drop-in that gives it `[http] port`, and restarts \
            it. Where several people use one computer, each but the first needs another port: --own-port chooses one \
            by your user number and writes it into the configuration. Then set the same port in your browser extension.
            """
    )

    @Flag(help: "Choose a port of your own, and write it into the configuration.")
    var ownPort = false

    @Flag(help: "Write the files, and leave systemd alone.")
    var noRestart = false

    func run() async throws {
        let folders = Folders.ofProcess()
        if ownPort {
            let port = try Self.freePort()
            do throws(OwnPort.Failure) {
                try OwnPort.set(port, folders: folders)
            } catch {
                throw ConsoleError.refused(PlainText.cleaned("\(error)"))
            }
        }
        let port = try Configuration.forCommand(nil).http.port
        let dropIn = SocketDropIn(folders: folders)
        try dropIn.write(port: port)
        if !noRestart {
            guard await SystemdUnit.find("keybell.socket") != nil else {
                throw ConsoleError.refused(
                    Self.withoutSystemd(
                        port,
                        configuration: ownPort ? folders.configurationFile : nil,
                        dropIn: dropIn.path
                    )
                )
            }
            try await Self.restart(port)
        }
        Output.line("keybell.socket holds port \(port)\(noRestart ? " once it is restarted" : "").")
        Output.line("In a browser extension, set the address http://localhost:\(port).")
    }

    /// What was written although there is no systemd to read it, and what is to be done by hand.
    static func withoutSystemd(_ port: Int, configuration: String?, dropIn: String) -> String {
        let port = "\(port)"
        let own = configuration.map { "`port = \(port)` in \(PlainText.cleaned($0)), and " } ?? ""
        return
            "There is no systemd for this user that could hold port \(port). Written is \(own)a setting for systemd in "
            + "\(PlainText.cleaned(dropIn)), for when there is one. End keybelld and start it again: it takes port \(port) "
            + "itself. Then set http://localhost:\(port) in your browser extension."
    }

    /// A port for this user that nobody has now: the same one each time, if it is free.
    private static func freePort() throws(ConsoleError) -> Int {
        // Below the ports that the kernel gives to connections, and not one that is known for something else.
        let first = 19500 + Int(getuid() % 400)
        let candidates = (first..<first + 50).filter { port in isFree(UInt16(port)) }
        guard let port = candidates.first else {
            throw .refused("No port from \(first) to \(first + 49) is free.")
        }
        return port
    }

    private static func isFree(_ port: UInt16) -> Bool {
        ["127.0.0.1", "::1"].allSatisfy { host in
            guard let address = InternetAddress(host, port: port) else { return false }
            // If the table can't be read, systemd will say that it can't have the port.
            guard let owner = try? SocketTable.listener(on: address) else { return true }
            return owner.uid == getuid()
        }
    }

    /// Has systemd take the new port.
    ///
    /// Once it was told to stop the units the socket is started again whatever came of that, or nothing would be held.
    ///
    /// - Parameters:
    ///   - port: The port, for the error.
    ///   - systemctl: Whether `systemctl --user` with these words did what it was told.
    /// - Throws: Which of its commands failed.
    static func restart(
        _ port: Int,
        systemctl: ([String]) async -> Bool = SystemdUnit.systemctl
    ) async throws(ConsoleError) {
        let units = ["keybell.service", "keybell.socket"]
        func failure(_ words: [String]) -> ConsoleError {
            .refused(
                "`systemctl --user \(words.joined(separator: " "))` failed, so port \(port) isn't held yet: "
                    + "`systemctl --user status keybell.socket` says why."
            )
        }
        guard await systemctl(["daemon-reload"]) else { throw failure(["daemon-reload"]) }
        let hasStopped = await systemctl(["stop"] + units)
        // A unit that hasn't failed can't be reset.
        _ = await systemctl(["reset-failed"] + units)
        guard await systemctl(["start", "keybell.socket"]) else {
            throw failure(["start", "keybell.socket"])
        }
        guard hasStopped else { throw failure(["stop"] + units) }
    }
}

/// The drop-in that gives keybell.socket its port.
struct SocketDropIn: Sendable {
    private let folder: String
    var path: String { folder + "/port.conf" }

    init(folders: Folders) {
        folder = folders.userUnits + "/keybell.socket.d"
    }

    func write(port: Int) throws(ConsoleError) {
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            try SafeFile.write(Array(Self.text(port: port).utf8), to: path)
        } catch {
            throw .refused("\(PlainText.cleaned(path)) can't be written: \(error.words)")
        }
    }

    static func text(port: Int) -> String {
        """
        # Written by `keybell socket` from [http] port in Keybell's configuration.
        [Socket]
        ListenStream=
        ListenStream=127.0.0.1:\(port)
        ListenStream=[::1]:\(port)

        """
    }
}
