// SPDX-License-Identifier: Apache-2.0

/// dunst: its buttons are lines of a menu, here one that takes the line that the test has written down.
struct DunstNotifier: DesktopNotifier {
    private let screen: Screen
    private let server: ServerProcess
    private let bus: PrivateBus

    init(on bus: PrivateBus) async throws {
        self.bus = bus
        screen = try await Screen(on: bus)
        let choice = try bus.folder.write("choice", "")
        let menu = try bus.folder.write("menu", "#!/bin/sh\nexec grep -m 1 \"^#$(cat '\(choice)')\"\n")
        _ = try await ChildProcess.run("chmod", ["700", menu])
        let settings = try bus.folder.write("dunstrc", "[global]\n    dmenu = \(menu)\n")
        server = try await ServerProcess(
            DesktopNotifierKind.dunst.program.path,
            ["-config", settings],
            environment: screen.environment,
            on: bus
        )
    }

    func shows(_ count: Int) async throws {
        try await eventually("\(count) notifications of dunst") {
            let counted = try await control("count", "displayed")
            return counted.split(whereSeparator: \.isWhitespace) == ["\(count)"] ? () : nil
        }
    }

    func press(_ label: String, until isDone: @Sendable () async -> Bool) async throws {
        try bus.folder.write("choice", label)
        try await eventually("what \(label) of dunst does") {
            if await isDone() { return () }
            _ = try await control("action", "0")
            return nil
        }
    }

    func stop() async throws {
        try await server.stop()
    }

    private func control(_ arguments: String...) async throws -> String {
        try await ChildProcess.run("dunstctl", arguments, environment: screen.environment).output
    }
}
