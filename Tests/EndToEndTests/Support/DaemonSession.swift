// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import TestSupport

/// A session of a test's own: a bus, a keyring, the built daemon and command line, all in throwaway folders.
final class DaemonSession: Sendable {
    let bus: PrivateBus
    let keyring: GnomeKeyring?
    let port: Int
    /// The configuration file.
    let configuration: String
    private let running = Observed<ChildProcess?>(nil)

    /// Starts the session and the daemon in it.
    ///
    /// - Parameters:
    ///   - configuration: lines of the configuration file beside the port.
    ///   - session: the bus to use, with whatever keyring serves on it; nil for a bus of its own.
    ///   - withKeyring: whether a gnome-keyring serves.
    ///   - withNotifier: whether the daemon shows notifications.
    ///   - starting: whether the daemon is started right away.
    ///   - port: where it serves; nil for a free one.
    /// - Throws: What keeps one of them from starting.
    init(
        _ configuration: String = "",
        on session: PrivateBus? = nil,
        withKeyring: Bool = true,
        withNotifier: Bool = false,
        starting: Bool = true,
        port: Int? = nil
    ) async throws {
        if let session { bus = session } else { bus = try await PrivateBus() }
        keyring = withKeyring && session == nil ? try await GnomeKeyring(on: bus) : nil
        self.port = try port ?? FreePort.next()
        // Where the command line looks for it, too.
        try FileManager.default.createDirectory(
            atPath: bus.folder.path("config/keybell"),
            withIntermediateDirectories: true
        )
        self.configuration = try bus.folder.write(
            "config/keybell/config.toml",
            "[http]\nport = \(self.port)\n[approval]\nnotifier = \(withNotifier)\n\(configuration)"
        )
        if starting { try await start() }
    }

    /// The folder of the built programs: the one that the test runner is in, unless `KEYBELL_PROGRAMS` names another.
    static let programs =
        ProcessInfo.processInfo.environment["KEYBELL_PROGRAMS"]
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

    /// The running daemon.
    var daemon: ChildProcess {
        get throws {
            guard let child = running.now else { throw TestFailure("the daemon was not started") }
            return child
        }
    }

    /// Starts the daemon and waits until it serves.
    func start(environment: [String: String] = [:]) async throws {
        let child = try ChildProcess(
            Self.programs + "/keybelld",
            ["--config", configuration],
            environment: bus.environment.merging(environment) { $1 }
        )
        running.update { $0 = child }
        try await child.prints("ready")
    }

    /// Ends the daemon as a person would and waits for it.
    @discardableResult
    func stop() async throws -> ChildProcess.Report {
        let child = try daemon
        child.terminate()
        return try await child.end(within: .seconds(20))
    }

    /// Does something, and adds the daemon's log to what goes wrong.
    func telling<Outcome>(_ act: () async throws -> Outcome) async throws -> Outcome {
        do {
            return try await act()
        } catch {
            throw TestFailure("\(error); the daemon: \(try daemon.soFar.errors)")
        }
    }

    /// Runs `keybell`.
    func keybell(_ arguments: String..., input: String = "") async throws -> ChildProcess.Report {
        try await keybell(arguments, input: input)
    }

    /// The same with a list of arguments.
    func keybell(_ arguments: [String], input: String = "") async throws -> ChildProcess.Report {
        try await ChildProcess.run(
            Self.programs + "/keybell",
            arguments,
            environment: bus.environment,
            input: input
        )
    }

    /// Starts `keybell` and leaves it running.
    func starting(_ arguments: String..., input: String? = "") throws -> ChildProcess {
        try ChildProcess(
            Self.programs + "/keybell",
            arguments,
            environment: bus.environment,
            input: input
        )
    }

    /// Runs another program in the session.
    func run(_ program: String, _ arguments: String..., input: String = "") async throws
        -> ChildProcess.Report
    {
        try await ChildProcess.run(program, arguments, environment: bus.environment, input: input)
    }

    /// Sends bytes as a client program does, here curl.
    func send(
        _ body: [UInt8],
        headers: [String] = [],
        path: String = "/",
        options: [String] = []
    ) async throws -> HTTPReply {
        let options = options + headers.flatMap { ["-H", $0] }
        let report = try await ChildProcess.run(
            "curl",
            ["-sS", "-i", "-m", "60", "--data-binary", "@-"] + options + ["http://127.0.0.1:\(port)\(path)"],
            input: String(decoding: body, as: UTF8.self)
        )
        return try HTTPReply(report)
    }
}

/// What came back from the daemon.
struct HTTPReply {
    let status: Int
    let head: String
    let body: [UInt8]

    init(_ report: ChildProcess.Report) throws {
        guard let end = report.output.range(of: "\r\n\r\n") else {
            throw TestFailure("no answer: \(report.errors)")
        }
        head = String(report.output[..<end.lowerBound])
        body = Array(report.output[end.upperBound...].utf8)
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    var json: [String: any Sendable] {
        get throws {
            let object = try JSONSerialization.jsonObject(with: Data(body))
            return object as? [String: any Sendable] ?? [:]
        }
    }
}

/// Something that a test relies on isn't there.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

enum FreePort {
    /// A port that nobody listens on now.
    static func next() throws -> Int {
        guard let port = bound(to: 0) else { throw TestFailure("no free port") }
        return port
    }

    /// Whether nobody listens on a port of 127.0.0.1.
    static func isFree(_ port: Int) -> Bool {
        bound(to: port) != nil
    }

    /// Takes a port for a moment and gives its number; 0 takes any.
    private static func bound(to port: Int) -> Int? {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        // As a server binds: what remains of closed connections is no hindrance.
        var yes: Int32 = 1
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe bind(socket, address, length) == 0 else { return false }
                return unsafe getsockname(socket, address, &length) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
