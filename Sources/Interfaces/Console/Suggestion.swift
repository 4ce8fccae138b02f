// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What somebody may have meant who typed a command that there isn't.
enum Suggestion {
    /// The command with the nearest name; nil where the commands are right, or none is near.
    static func command(for arguments: [String]) -> String? {
        var path = ["keybell"]
        var command: any ParsableCommand.Type = KeybellCommand.self
        for argument in arguments {
            let children = command.configuration.allSubcommands
            guard !children.isEmpty, !argument.hasPrefix("-") else { return nil }
            let names = children.map { name(of: $0) }
            guard let index = names.firstIndex(of: argument) else {
                if path.count == 1, argument == "mute" { return "keybell deny CODE --mute MINUTES" }
                return nearest(to: argument, among: names).map { (path + [$0]).joined(separator: " ") }
            }
            command = children[index]
            path.append(argument)
        }
        return nil
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }

    /// The name that differs least; nil if it takes more than a third of it to make one of the other.
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
    /// The subcommands of all groups and of none.
    var allSubcommands: [any ParsableCommand.Type] {
        subcommands + groupedSubcommands.flatMap { $0.subcommands }
    }
}
