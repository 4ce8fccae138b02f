// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import Testing

@testable import Console

struct SuggestionTests {
    @Test(arguments: [
        (["statsu"], "keybell status"), (["grant"], "keybell grants"), (["Allow"], "keybell allow"),
        (["client", "asociate"], "keybell client associate"), (["lgo", "--json"], "keybell log"),
        (["request"], "keybell requests"), (["docter"], "keybell doctor"),
        (["mute", "curl"], "keybell deny CODE --mute MINUTES"),
        (["get", "foo"], "keybell client get"), (["search", "foo"], "keybell client search"),
        (["generate"], "keybell client generate"), (["asociate"], "keybell client associate"),
        (["approve", "7F2A"], "keybell allow CODE"), (["list"], "keybell requests"),
        (["pending"], "keybell requests"), (["history"], "keybell log"),
        (["client", "search", "-mail"], "keybell client search -- -mail"),
        (["client", "search", "-mail box", "--json"], "keybell client search --json -- '-mail box'"),
    ])
    func `a command that isn't there suggests the nearest one`(arguments: [String], suggestion: String) {
        #expect(Suggestion.command(for: arguments) == suggestion)
    }

    @Test(
        arguments: [
            (["help", "nosuch"], "nosuch"), (["help", "client", "nosuch"], "nosuch"),
            (["help", "status"], nil),
            (["help", "client", "save"], nil), (["help"], nil), (["help", "help"], nil),
            (["status", "x"], nil),
        ] as [([String], String?)]
    )
    func `help knows which commands there are`(arguments: [String], unknown: String?) {
        #expect(Suggestion.unknownTopic(of: arguments) == unknown)
    }

    @Test(arguments: ["-5", "0", "1441"])
    func `a mute of no time, or too long, is a mistake that says what it may be`(minutes: String) {
        #expect {
            try KeybellCommand.parseAsRoot(["deny", "7F2A", "--mute", minutes])
        } throws: { error in
            KeybellCommand.message(for: error).contains("--mute must be from 1 to 1440 minutes")
        }
    }

    @Test(arguments: ["", "  "])
    func `an empty Id is a mistake`(id: String) {
        #expect {
            try KeybellCommand.parseAsRoot(["client", "logins", "https://a.example", "--id", id])
        } throws: { error in
            KeybellCommand.message(for: error).contains("The Id is empty.")
        }
    }

    @Test(arguments: [
        ["x"], ["--yaml"], [], ["status", "now"], ["nothing-like-it"], ["client", "--id"], [""],
    ])
    func `what is right or like nothing suggests nothing`(arguments: [String]) {
        #expect(Suggestion.command(for: arguments) == nil)
    }

    @Test func `no line of help is wider than a terminal`() {
        var commands: [(any ParsableCommand.Type, parent: String)] = [(KeybellCommand.self, "")]
        while let (command, parent) = commands.popLast() {
            let name = parent + (command.configuration.commandName ?? "")
            commands += command.configuration.allSubcommands.map { ($0, name + " ") }
            // Its own usage is for the root; in a help it has the parents' names before it.
            for line in command.helpMessage(columns: 80).split(separator: "\n") {
                let isUsage = line.hasPrefix("USAGE: ") && command.configuration.usage == nil
                let width = line.width(in: .monospaced) + (isUsage ? parent.count : 0)
                #expect(width <= 80, "\(name): \(line)")
            }
        }
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
