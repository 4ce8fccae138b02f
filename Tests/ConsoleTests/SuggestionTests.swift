// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import Console

struct SuggestionTests {
    @Test(arguments: [
        (["statsu"], "keybell status"), (["grant"], "keybell grants"), (["Allow"], "keybell allow"),
        (["client", "asociate"], "keybell client associate"), (["lgo", "--json"], "keybell log"),
        (["request"], "keybell requests"), (["docter"], "keybell doctor"),
    ])
    func `a command that isn't there suggests the nearest one`(arguments: [String], suggestion: String) {
        #expect(Suggestion.command(for: arguments) == suggestion)
    }

    @Test(arguments: [
        ["x"], ["--yaml"], [], ["status", "now"], ["nothing-like-it"], ["client", "--id"], [""],
    ])
    func `what is right or like nothing suggests nothing`(arguments: [String]) {
        #expect(Suggestion.command(for: arguments) == nil)
    }

    @Test func `no help breaks off in the middle of a sentence`() {
        var commands: [any ParsableCommand.Type] = [KeybellCommand.self]
        while let command = commands.popLast() {
            let configuration = command.configuration
            commands += configuration.allSubcommands
            let lines = configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines where !line.isEmpty {
                #expect(line.last.map { ".:?!)`".contains($0) } == true, "\(line)")
            }
        }
    }
}
