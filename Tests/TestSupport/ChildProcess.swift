// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A program that a test has started; it is gone at the latest when the test lets go of it.
///
/// The environment is what the test gives and nothing else but `PATH` and a locale.
package final class ChildProcess: Sendable {
    /// What a child has printed, and how it ended.
    package struct Report: Sendable {
        /// Standard output so far.
        package var output = ""
        /// Standard error so far.
        package var errors = ""
        /// The exit code, or minus the signal's number; nil while it runs.
        package var status: Int32?
        fileprivate var openPipes = 2
    }

    /// The child's process id.
    package let pid: Int32
    private let report = Observed(Report())
    private let input: Mutex<FileHandle>

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: its path, or a name to be found in `PATH`.
    ///   - arguments: what it is given.
    ///   - environment: its environment, beside `PATH` and `LANG`.
    ///   - input: what it reads, followed by the end of input; nil keeps its input open for `write`.
    ///   - folder: where it runs.
    /// - Throws: `SpawnError` where no process can be made.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: String? = "",
        folder: String = "/"
    ) throws {
        _ = Self.brokenPipesAreErrors
        let spawned = try Spawned.start(
            ["/usr/bin/env", "--chdir=" + folder, "--", executable] + arguments,
            environment: Self.standardEnvironment.merging(environment) { $1 }
        )
        pid = spawned.pid
        LeftoverChildren.add(spawned.pid)
        self.input = Mutex(FileHandle(fileDescriptor: spawned.input, closeOnDealloc: true))
        let report = report
        Self.collect(spawned.output, into: report) { $0.output += $1 }
        Self.collect(spawned.errors, into: report) { $0.errors += $1 }
        Thread.detachNewThread {
            let status = Spawned.status(of: spawned.pid)
            LeftoverChildren.remove(spawned.pid)
            report.update { $0.status = status }
        }
        if let input {
            write(input)
            closeInput()
        }
    }

    deinit {
        kill()
    }

    /// `PATH` and a locale, the same on every machine.
    package static let standardEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
    ]

    /// A child that is gone before it has read its input must not take the tests with it.
    private static let brokenPipesAreErrors: Void = {
        _ = Foundation.signal(SIGPIPE, SIG_IGN)
    }()

    /// Reads on a thread of its own: plain and blocking, so that no test waits on a shared pool.
    private static func collect(
        _ descriptor: Int32,
        into report: Observed<Report>,
        add: @escaping @Sendable (inout Report, String) -> Void
    ) {
        Thread.detachNewThread {
            while let bytes = Spawned.read(descriptor) {
                report.update { add(&$0, String(decoding: bytes, as: UTF8.self)) }
            }
            report.update { $0.openPipes -= 1 }
        }
    }

    /// What the child has printed so far.
    package var soFar: Report { report.now }

    /// Writes to the child's standard input.
    package func write(_ text: String) {
        // A child that has ended needs no input any more.
        input.withLock { try? $0.write(contentsOf: Data(text.utf8)) }
    }

    /// Ends the child's standard input.
    package func closeInput() {
        // Closed already is closed.
        input.withLock { try? $0.close() }
    }

    /// Waits until standard output or standard error has this text in it.
    package func prints(_ text: String, within limit: Duration = .seconds(20)) async throws {
        try await report.wait(for: "\(text) from \(pid)", within: limit) { report in
            report.output.contains(text) || report.errors.contains(text) ? () : nil
        }
    }

    /// Waits for the first whole line of standard output.
    package func firstLine(within limit: Duration = .seconds(20)) async throws -> String {
        try await report.wait(for: "a line from \(pid)", within: limit) { report in
            guard let end = report.output.firstIndex(of: "\n") else { return nil }
            return String(report.output[..<end])
        }
    }

    /// Waits for the end of the child and of its output.
    ///
    /// A grandchild that keeps the pipes open does not hold this up for ever: then it throws `TimedOut`.
    package func end(within limit: Duration = .seconds(60)) async throws -> Report {
        try await report.wait(for: "the end of \(pid)", within: limit) { report in
            report.status != nil && report.openPipes == 0 ? report : nil
        }
    }

    /// Asks the child to end (SIGTERM).
    package func terminate() {
        signal(SIGTERM)
    }

    /// Ends the child at once (SIGKILL).
    package func kill() {
        signal(SIGKILL)
    }

    /// Sends the child a signal, if it still runs.
    package func signal(_ number: Int32) {
        guard report.now.status == nil else { return }
        Foundation.kill(pid, number)
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - executable: its path, or a name to be found in `PATH`.
    ///   - arguments: what it is given.
    ///   - environment: its environment, beside `PATH` and `LANG`.
    ///   - input: what it reads.
    ///   - limit: how long it may take.
    /// - Returns: what it printed, and its status.
    /// - Throws: `TimedOut`.
    package static func run(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: String = "",
        within limit: Duration = .seconds(60)
    ) async throws -> Report {
        let child = try ChildProcess(executable, arguments, environment: environment, input: input)
        return try await child.end(within: limit)
    }
}
