// SPDX-License-Identifier: Apache-2.0

extension XvfbDisplay {
    /// Types into the windows of a class until none is left, as a person who is asked again does.
    ///
    /// A key that comes before a window has the focus is lost, so all are repeated.
    ///
    /// - Parameters:
    ///   - keys: Calls of xdotool, such as `["key", "Return"]`.
    ///   - windows: The class of the windows, or a part of it.
    /// - Throws: Where xdotool can't be started, or doesn't end.
    package func type(_ keys: [[String]], into windows: String) async throws {
        let search = ["search", "--onlyvisible", "--class", windows]
        _ = try await xdotool(["search", "--sync", "--onlyvisible", "--class", windows])
        for _ in 0..<40 {
            for key in keys { _ = try await xdotool(key) }
            if try await xdotool(search) != 0 { return }
        }
    }

    private func xdotool(_ arguments: [String]) async throws -> Int32? {
        try await ChildProcess.run("xdotool", arguments, environment: environment).status
    }
}
