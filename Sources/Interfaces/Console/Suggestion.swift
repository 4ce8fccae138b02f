// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText

/// What somebody who typed a command that doesn't exist may have meant.
enum Suggestion {
    /// The command with the nearest name; nil if the commands are right, or none is near.
    static func command(for arguments: [String]) -> String? {
        var path = ["keybell"]
        var command: any ParsableCommand.Type = KeybellCommand.self
        for argument in arguments {
            let children = command.configuration.allSubcommands
            guard !children.isEmpty, !argument.hasPrefix("-") else { return hyphenated(arguments) }
            let names = children.map { name(of: $0) }
            guard let index = names.firstIndex(of: argument) else {
                if path.count == 1, let other = otherWords[argument.lowercased()] { return other }
                let below = path.count == 1 ? nested(in: children) : [:]
                let way =
                    if let exact = below[argument] {
                        exact as [String]?
                    } else if let near = nearest(to: argument, among: names) {
                        path + [near]
                    } else {
                        nearest(to: argument, among: below.keys.sorted()).flatMap { below[$0] }
                    }
                return way?.joined(separator: " ")
            }
            command = children[index]
            path.append(argument)
        }
        return nil
    }

    /// The word behind `help` that is no command; nil where help is there, or isn't asked for so.
    static func unknownTopic(of arguments: [String]) -> String? {
        guard arguments.first == "help" else { return nil }
        var command: any ParsableCommand.Type = KeybellCommand.self
        for argument in arguments.dropFirst() where !argument.hasPrefix("-") {
            let children = command.configuration.allSubcommands
            guard let child = children.first(where: { name(of: $0) == argument }) else {
                return argument == "help" ? nil : argument
            }
            command = child
        }
        return nil
    }

    /// What other programs call what a command does.
    private static let otherWords = [
        "mute": "keybell deny CODE --mute MINUTES", "approve": "keybell allow CODE",
        "accept": "keybell allow CODE", "reject": "keybell deny CODE", "refuse": "keybell deny CODE",
        "list": "keybell requests", "pending": "keybell requests", "history": "keybell log",
    ]

    /// The paths to the commands below another one, by their names.
    private static func nested(in groups: [any ParsableCommand.Type]) -> [String: [String]] {
        groups.reduce(into: [:]) { ways, group in
            for command in group.configuration.allSubcommands {
                ways[name(of: command)] = ["keybell", name(of: group), name(of: command)]
            }
        }
    }

    /// The same with the text to look for after `--`, where it was taken for an option.
    private static func hyphenated(_ arguments: [String]) -> String? {
        guard arguments.count > 2, arguments[0] == "client", ["search", "get"].contains(arguments[1]),
            arguments[2].hasPrefix("-"), !arguments[2].hasPrefix("--"), arguments[2] != "-"
        else { return nil }
        let words = arguments.dropFirst(3) + ["--", arguments[2]]
        return "keybell client \(arguments[1]) " + words.map { ShellWord.quoting($0) }.joined(separator: " ")
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }

    /// The name that differs least; nil if more than a third of it would have to change.
    static func nearest(to word: String, among names: [String]) -> String? {
        let word = Array(word.lowercased().utf8.prefix(32))
        let ranked = names.map { (name: $0, distance: distance(word, Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, best.name.utf8.count / 3) && best.distance < best.name.utf8.count
            ? best.name : nil
    }

    /// How many letters have to be put in, left out, changed, or swapped with their neighbour (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var next = [i + 1]
            for (j, other) in right.enumerated() {
                var least = min(row[j] + (letter == other ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, letter == right[j - 1], other == left[i - 1] {
                    least = min(least, before[j - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}

extension CommandConfiguration {
    /// The subcommands in all groups and in none.
    var allSubcommands: [any ParsableCommand.Type] {
        subcommands + groupedSubcommands.flatMap { $0.subcommands }
    }
}
