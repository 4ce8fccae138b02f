// SPDX-License-Identifier: Apache-2.0

import DBus
import SecretService
import Testing
import TestSupport

@Suite struct RealPromptTests {
    @Test func `the person's password in gnome-keyring's own prompt unlocks`() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.store()
        try await fixture.session.gnome.lock()
        let screen = try await XvfbDisplay()
        let environment = fixture.session.bus.environment.merging(screen.environment) { $1 }
        let manager = try ChildProcess("openbox", environment: environment)
        let prompter = try ChildProcess("/usr/libexec/gcr-prompter", environment: environment)
        _ = try await fixture.session.bus.owner(of: "org.gnome.keyring.SystemPrompter")

        async let unlocking: Void = fixture.keyring.unlock(prompt: .seconds(50))
        let window = [
            "search", "--sync", "--onlyvisible", "--class", "gcr-prompter", "windowactivate", "--sync",
        ]
        _ = try await ChildProcess.run("xdotool", window, environment: environment)
        // A key that comes before the entry has the focus is lost: so type it again until the prompt is content.
        var isShown = true
        for _ in 0..<40 where isShown {
            let select = ["key", "ctrl+a"]
            let typing = ["type", "--delay", "20", fixture.session.gnome.password]
            for keys in [select, typing, ["key", "Return"]] {
                _ = try await ChildProcess.run("xdotool", keys, environment: environment)
            }
            let search = ["search", "--onlyvisible", "--class", "gcr-prompter"]
            isShown = try await ChildProcess.run("xdotool", search, environment: environment).status == 0
        }
        try await unlocking
        #expect(await fixture.keyring.state() == .unlocked)
        #expect(try await fixture.keyring.items(schema: KeyringFixture.schema).count == 1)
        prompter.kill()
        manager.kill()
    }
}
