// SPDX-License-Identifier: Apache-2.0

import Passwords
import SecureMemory
import TestSupport
import Testing
import Vault

/// A pinentry that people have, driven as they drive it.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct RealPinentryTests {
    private let screen: XvfbDisplay
    private let pinentry: Pinentry

    init() async throws {
        screen = try await XvfbDisplay()
        pinentry = Pinentry(
            program: "pinentry-gtk-2",
            environment: screen.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
        )
    }

    private func type(_ keys: [[String]]) async throws {
        try await screen.type(keys, into: "pinentry")
    }

    @Test func `what is typed into a real dialog is the password`() async throws {
        async let typed = pinentry.password(
            title: "Unlock work",
            text: "Password of “work”\n100% of it",
            error: "Wrong"
        )
        try await type([
            ["key", "ctrl+a"], ["type", "--delay", "20", "s%me pass\"wörd"], ["key", "Return"],
        ])
        #expect(try await typed == SecretBytes(utf8: "s%me pass\"wörd"))
    }

    @Test func `closing a real dialog leaves it locked`() async throws {
        let typed = Task { [pinentry] in
            try await pinentry.password(title: "Unlock work", text: "Password")
        }
        try await type([["key", "Escape"]])
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await typed.value }
    }

    private static let labels = Pinentry.Labels(yes: "_Allow", no: "_Deny", neither: "_Not now")

    @Test(arguments: [("alt+a", true), ("alt+d", false)])
    func `a real dialog's answer is taken`(key: String, answer: Bool) async throws {
        async let isConfirmed = pinentry.confirm(title: "Keybell", text: "Really?", labels: Self.labels)
        try await type([["key", key]])
        #expect(try await isConfirmed == answer)
    }

    @Test(arguments: ["alt+n", "Escape"])
    func `a real dialog that is put off or closed has said nothing`(key: String) async throws {
        let answer = Task { [pinentry] in
            try await pinentry.confirm(title: "Keybell", text: "Really?", labels: Self.labels)
        }
        try await type([["key", key]])
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await answer.value }
    }

    @Test func `without a screen or a terminal it says what to do`() async throws {
        let blind = Pinentry(
            program: "pinentry-gtk-2",
            environment: [
                "DISPLAY": "", "WAYLAND_DISPLAY": "", "GPG_TTY": "/nonexistent", "TERM": "dumb",
            ]
        )
        await #expect {
            try await blind.password(title: "Unlock work", text: "Password")
        } throws: { error in
            guard case VaultError.unavailable(let text) = error else { return false }
            return text.contains("run `keybell unlock` in a terminal")
        }
    }
}
