// SPDX-License-Identifier: Apache-2.0

import DBus
import Testing

@testable import Console

struct AdviceTests {
    @Test(arguments: [
        (nil, "without a reason"), ("", "without a reason"),
        ("Database locked", "keybell unlock"), ("Denied", "You denied it."),
        ("Too many questions are waiting", "Too many questions are waiting"),
        ("evil\u{1B}[2J", "evil[2J"),
    ])
    func `a refusal says what to do, or what the daemon said`(error: String?, part: String) {
        #expect(ScriptClient.failure(error).text.contains(part))
    }

    @Test(arguments: [
        (["work"], "The vault work is locked: run `keybell unlock work`, then try again."),
        (["work", "at home"], "These vaults are locked: work, “at home”."), ([], "The vault is locked"),
    ])
    func `which vaults are locked is said`(locked: [String], part: String) {
        func vault(_ name: String, isLocked: Bool) -> [String: Value] {
            ["name": .string(name), "locked": .boolean(isLocked)]
        }
        let vaults = [vault("open", isLocked: false)] + locked.map { vault($0, isLocked: true) }
        let text = ScriptClient.failure("Database locked", vaults: vaults).text
        #expect(text.hasPrefix(part), "\(text)")
    }
}
