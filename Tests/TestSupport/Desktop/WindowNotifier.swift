// SPDX-License-Identifier: Apache-2.0

/// A notification server that draws a window with buttons, which are clicked.
struct WindowNotifier: DesktopNotifier {
    private let kind: DesktopNotifierKind
    private let screen: Screen
    private let server: ServerProcess

    init(_ kind: DesktopNotifierKind, on bus: PrivateBus, _ settings: [String: String]) async throws {
        self.kind = kind
        screen = try await Screen(on: bus)
        server = try await ServerProcess(
            kind.program.path,
            environment: screen.environment.merging(settings) { $1 },
            on: bus
        )
    }

    private var search: [String] { ["--class", kind.rawValue] }

    func shows(_ count: Int) async throws {
        try await eventually("\(count) windows of \(kind)") {
            try await screen.windows(search).count == count ? () : nil
        }
    }

    func press(_ label: String, until isDone: @Sendable () async -> Bool) async throws {
        var seen: [Screen.Window] = []
        try await eventually("what \(label) of \(kind) does", within: .seconds(30)) {
            if await isDone() { return () }
            guard let window = try await screen.windows(search).last else { return nil }
            // A window that still finds its size and place has its buttons elsewhere, and a click beside them takes it
            // away: a person waits until it rests, too.
            seen = seen.filter { $0 == window } + [window]
            guard seen.count > 3 else { return nil }
            let place = place(of: label)
            try await screen.click(window, fromRight: place.right, fromBottom: place.bottom)
            return nil
        }
    }

    func stop() async throws {
        try await server.stop()
    }

    /// Where the middle of a button is, from the window's lower right corner, with Deny and Allow in this order.
    ///
    /// Buttons are no windows of their own, so that the X server can't say where they are.
    private func place(of label: String) -> (right: Int, bottom: Int) {
        let isLeft = label == "Deny"
        return switch kind {
        case .xfce: (isLeft ? 149 : 57, 31)
        case .mate: (isLeft ? 121 : 65, 27)
        case .gnomeFlashback: (isLeft ? 137 : 82, 39)
        default: (isLeft ? 210 : 103, 39)
        }
    }
}
