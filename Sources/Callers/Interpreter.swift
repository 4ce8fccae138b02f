// SPDX-License-Identifier: Apache-2.0

/// A program that runs other programs, for which its script is what people know.
///
/// The script is read from the arguments, which the process can change: it is a claim.
struct Interpreter {
    /// Short options after which the program text is an argument or a module, so that there is no script.
    private let inline: [UInt8]

    /// Short options whose value is the next argument.
    private let valued: [UInt8]

    /// Long options whose value is the next argument.
    private let valuedLong: [String]

    /// Long options after which there is no script.
    private let inlineLong: [String]

    /// The only option that names the script, where the first plain argument isn't one (a Java class).
    private let scriptOption: String?

    /// Knows an interpreter by its file's name, a version at the end left aside (`python3.13`).
    init?(executable: String) {
        let name = executable.split(separator: "/").last ?? ""
        var stem = name[...]
        while let last = stem.last, last.isNumber || last == "." || last == "-" { stem.removeLast() }
        switch stem {
        case "python", "pypy":
            self.init(inline: "cm", valued: "WX", valuedLong: ["--check-hash-based-pycs"])
        case "perl":
            self.init(inline: "eE", valued: "I")
        case "ruby":
            self.init(inline: "e", valued: "rIC")
        case "node", "nodejs":
            self.init(
                inline: "ep",
                valued: "rC",
                valuedLong: ["--require", "--import", "--loader", "--env-file", "--conditions"],
                inlineLong: ["--eval", "--print"]
            )
        case "bash", "sh", "dash", "zsh", "ksh", "mksh", "ash", "busybox", "fish":
            self.init(
                inline: "cs",
                valued: "oO",
                valuedLong: ["--rcfile", "--init-file", "--init-command"],
                inlineLong: ["--command"]
            )
        case "php":
            self.init(inline: "rR", valued: "dczf")
        case "java":
            self.init(scriptOption: "-jar")
        case "lua", "luajit", "tclsh", "wish", "guile", "mono", "gjs", "Rscript", "deno", "bun", "swipl":
            self.init(inline: "ec", valued: "l")
        default:
            return nil
        }
    }

    private init(
        inline: String = "",
        valued: String = "",
        valuedLong: [String] = [],
        inlineLong: [String] = [],
        scriptOption: String? = nil
    ) {
        self.scriptOption = scriptOption
        self.inline = Array(inline.utf8)
        self.valued = Array(valued.utf8)
        self.valuedLong = valuedLong
        self.inlineLong = inlineLong
    }

    /// Finds the script among the arguments.
    ///
    /// - Parameters:
    ///   - arguments: All, the program's own name first.
    ///   - folder: The process's current folder, for a relative path.
    /// - Returns: The script's absolute path, or nil if there is none to be had.
    func script(in arguments: [String], folder: String?) -> String? {
        // All is compared as bytes, for the process chooses them.
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            let bytes = argument.utf8
            if let scriptOption, !bytes.elementsEqual(scriptOption.utf8) { continue }
            if scriptOption != nil || bytes.elementsEqual("--".utf8) {
                return rest.first.flatMap { absolute($0, in: folder) }
            }
            guard bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") else {
                return absolute(argument, in: folder)
            }
            guard bytes.count > 1 || bytes.first != UInt8(ascii: "-") else { return nil }
            if Self.contains(valuedLong, bytes[...]) {
                rest = rest.dropFirst()
            } else if Self.contains(inlineLong, bytes.prefix { $0 != UInt8(ascii: "=") }) {
                return nil
            } else if !bytes.starts(with: "--".utf8) {
                let options = bytes.dropFirst()
                // A value may stand in the same argument (-Wignore): what follows a valued letter is no option.
                let letters = options.prefix { !valued.contains($0) }
                if letters.contains(where: { inline.contains($0) }) { return nil }
                if letters.count == options.count - 1 { rest = rest.dropFirst() }
            }
        }
        return nil
    }

    private static func contains(_ options: [String], _ option: Substring.UTF8View) -> Bool {
        options.contains { $0.utf8.elementsEqual(option) }
    }

    private func absolute(_ path: String, in folder: String?) -> String? {
        guard let first = path.utf8.first else { return nil }
        guard first != UInt8(ascii: "/") else { return Self.normalized(path) }
        return folder.map { Self.normalized("\($0)/\(path)") }
    }

    /// Takes `.`, `..` and doubled slashes out of an absolute path, by its text alone.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
