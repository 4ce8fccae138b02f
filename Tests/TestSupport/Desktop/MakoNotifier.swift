// SPDX-License-Identifier: Apache-2.0

import Foundation

/// mako on a sway that nobody sees: it draws no buttons, `makoctl` presses them.
struct MakoNotifier: DesktopNotifier {
    private let sway: Sway
    private let server: ServerProcess
    private let environment: [String: String]

    init(on bus: PrivateBus) async throws {
        sway = try await Sway()
        environment = bus.environment.merging(["WAYLAND_DISPLAY": sway.socket]) { $1 }
        server = try await ServerProcess(
            DesktopNotifierKind.mako.program.path,
            environment: environment,
            on: bus
        )
    }

    func shows(_ count: Int) async throws {
        try await eventually("\(count) notifications of mako") {
            try await list().count == count ? () : nil
        }
    }

    func press(_ label: String, until isDone: @Sendable () async -> Bool) async throws {
        try await eventually("what \(label) of mako does") {
            if await isDone() { return () }
            // The labels are the values.
            let keys = try await list().first?.filter { $0.value == label }.keys
            guard let key = keys?.first else { return nil }
            _ = try await ChildProcess.run("makoctl", ["invoke", key], environment: environment)
            return nil
        }
    }

    func stop() async throws {
        try await server.stop()
    }

    /// The buttons of each notification, by key.
    private func list() async throws -> [[String: String]] {
        let printed = try await ChildProcess.run("makoctl", ["list"], environment: environment).output
        let json = try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Any]
        let notes = (json?["data"] as? [[[String: Any]]])?.first ?? []
        return notes.map { note in
            (note["actions"] as? [String: Any])?["data"] as? [String: String] ?? [:]
        }
    }
}

/// sway without a screen.
///
/// It refuses root, so that root's tests run it as nobody.
final class Sway: Sendable {
    /// The absolute path of its Wayland socket.
    let socket: String
    private let folder: TemporaryFolder
    private let process: ChildProcess

    init() async throws {
        try MissingProgram.check("/usr/bin/sway", debian: "sway")
        folder = try TemporaryFolder()
        let runtime = try folder.makeFolder("sway")
        let configuration = try folder.write(
            "config",
            "output HEADLESS-1 resolution 1024x768\nexec echo \"socket=$WAYLAND_DISPLAY.\"\n"
        )
        let environment = [
            "HOME": runtime, "XDG_RUNTIME_DIR": runtime, "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1",
        ]
        var command = ["sway", "--config", configuration]
        if geteuid() == 0 {
            // The folder is passed through, not read.
            _ = try await ChildProcess.run("chmod", ["711", folder.path])
            _ = try await ChildProcess.run("chmod", ["644", configuration])
            _ = try await ChildProcess.run("chown", ["nobody", runtime])
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] + command
        }
        process = try ChildProcess(command[0], Array(command.dropFirst()), environment: environment)
        let name = try await process.prints(between: "socket=", and: ".")
        socket = runtime + "/" + name
    }

    deinit {
        process.kill()
    }
}

extension ChildProcess {
    /// Waits until the child has printed something between two marks.
    func prints(between start: String, and end: String) async throws -> String {
        try await prints(start)
        try await prints(end)
        let output = soFar.output
        guard let from = output.range(of: start)?.upperBound,
            let to = output.range(of: end, range: from..<output.endIndex)?.lowerBound
        else { throw TimedOut(description: "\(start)…\(end) from \(pid)") }
        return String(output[from..<to])
    }
}
