// SPDX-License-Identifier: Apache-2.0

/// A program that runs other programs: its script is what people know.
///
/// The script is read from the arguments, which the process can change: it is a claim.
struct Interpreter {
    /// Short options after which the program text is an argument, so that there is no script.
    var inline: [UInt8] = []

    /// Short options after which the next argument is a module, which stands for the script.
    var modules: [UInt8] = []

    /// Short options whose value is the next argument.
    var valued: [UInt8] = []

    /// Short options whose value, if they have one, stands right behind them in the same argument (`-MData::Dumper`).
    var attached: [UInt8] = []

    /// Long options whose value is the next argument.
    var valuedLong: Set<String> = []

    /// Long options after which there is no script.
    var inlineLong: Set<String> = []

    /// Options whose value is the script.
    var scriptOptions: Set<String> = []

    /// Whether the script is named only by such an option; the first plain argument is then program text.
    var isScriptByOptionAlone = false

    /// First arguments that only say that a script follows, such as `run`.
    var verbs: Set<String> = []

    /// Whether options with one hyphen are words, too, not single letters (`-jar`).
    var hasWords = false

    /// Long options whose value, the places where programs are looked for, is part of what is run.
    var searchOptions: Set<String> = []

    /// Knows an interpreter by its file's name, up to its version (`python3.13t`, `perl5.40-x86_64-linux-gnu`).
    init?(executable: String) {
        let name = executable.split(separator: "/").last.map(String.init) ?? ""
        if ["ld-linux", "ld-musl", "ld.so", "ld64.so"].contains(where: { name.hasPrefix($0) }) {
            // The loader runs whatever it is given.
            hasWords = true
            valuedLong = ["--library-path", "--preload", "--inhibit-rpath", "--audit", "--argv0"]
            return
        }
        switch name == "original-awk" ? "awk" : name.prefix(while: { !$0.isNumber && $0 != "-" && $0 != "." })
        {
        case "python", "pypy":
            set(inline: "c", valued: "WX")
            modules = Array("m".utf8)
            valuedLong = ["--check-hash-based-pycs"]
        case "perl":
            set(inline: "eE", valued: "I", attached: "MmFixl0CdD")
        case "ruby":
            set(inline: "e", valued: "rIC", attached: "FixKTWE0")
        case "node", "nodejs", "electron":
            set(inline: "ep", valued: "rC")
            valuedLong = ["--require", "--import", "--loader", "--env-file", "--conditions"]
            inlineLong = ["--eval", "--print"]
        case "bash", "sh", "dash", "zsh", "ksh", "mksh", "ash", "busybox", "fish", "csh", "tcsh", "yash",
            "rc":
            set(inline: "cs", valued: "oO")
            valuedLong = ["--rcfile", "--init-file", "--init-command"]
            inlineLong = ["--command"]
        case "php":
            set(inline: "rR", valued: "dcz")
            scriptOptions = ["-f", "--file"]
        case "awk", "gawk", "mawk", "nawk":
            set(valued: "Fvil")
            valuedLong = ["--field-separator", "--assign", "--include", "--load"]
            scriptOptions = ["-f", "--file", "-E", "--exec"]
            isScriptByOptionAlone = true
        case "java":
            hasWords = true
            searchOptions = ["-cp", "-classpath", "--class-path", "-p", "--module-path"]
            valuedLong = [
                "--add-modules", "--add-opens", "--add-exports", "--add-reads", "--limit-modules", "--source",
                "--upgrade-module-path", "--enable-native-access", "--patch-module",
            ]
            scriptOptions = ["-jar", "-m", "--module"]
        case "dotnet":
            hasWords = true
            valuedLong = [
                "--fx-version", "--roll-forward", "--roll-forward-on-no-candidate-fx", "--additional-deps",
                "--additionalprobingpath", "--depsfile", "--runtimeconfig",
            ]
            scriptOptions = ["--project", "--use"]
            verbs = ["exec", "fsi", "run"]
        case "pwsh":
            hasWords = true
            scriptOptions = ["-file", "-f"]
            inlineLong = [
                "-command", "-c", "-encodedcommand", "-e", "-ec", "-enc", "-commandwithargs", "-cwa",
            ]
            valuedLong = [
                "-executionpolicy", "-ep", "-ex", "-configurationname", "-config", "-configurationfile",
                "-custompipename", "-inputformat", "-inp", "-if", "-outputformat", "-o", "-of",
                "-settingsfile",
                "-settings", "-windowstyle", "-w", "-workingdirectory", "-wd", "-wo",
            ]
        case "expect":
            set(inline: "c", valued: "D")
            scriptOptions = ["-f", "-b"]
        case "deno":
            set(inline: "e", valued: "cL")
            valuedLong = ["--config", "--import-map"]
            verbs = ["run"]
            inlineLong = ["eval", "repl"]
        case "bun":
            set(inline: "ep", valued: "rlc")
            verbs = ["run"]
        case "sbcl":
            hasWords = true
            scriptOptions = ["--script", "--load"]
            inlineLong = ["--eval"]
            valuedLong = ["--core", "--dynamic-space-size", "--control-stack-size"]
            isScriptByOptionAlone = true
        case "lua", "luajit", "tclsh", "wish", "guile", "mono", "gjs", "Rscript", "swipl", "julia", "octave",
            "raku", "racket", "escript", "qjs", "wine":
            set(inline: "ec", valued: "l")
            scriptOptions = ["-s"]
        default:
            return nil
        }
    }

    private mutating func set(inline: String = "", valued: String = "", attached: String = "") {
        self.attached = Array(attached.utf8)
        self.inline = Array(inline.utf8)
        self.valued = Array(valued.utf8)
    }
}
