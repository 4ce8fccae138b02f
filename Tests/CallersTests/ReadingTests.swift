// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Callers

@Suite struct ReadingTests {
    @Test(arguments: [
        ("/usr/bin/python3.11", "python3 -u fetch.py --all", "/home/a/fetch.py"),
        ("/usr/bin/python3", "python3 -W ignore -Xdev /opt/x.py", "/opt/x.py"),
        ("/usr/bin/python3", "python3 -m http.server", "-m http.server"),
        ("/usr/bin/python3", "python3 -Imevil x.py", "-m evil"),
        ("/usr/bin/python3", "python3 -m", nil),
        ("/usr/bin/python3", "python3 -Ic pass x.py", nil),
        ("/usr/bin/python3", "python3", nil),
        ("/usr/bin/perl", "perl -w -I lib ../b/./get.pl", "/home/b/get.pl"),
        ("/usr/bin/perl", "perl -ne print file", nil),
        ("/usr/bin/perl", "perl -MData::Dumper -i.bak get.pl", "/home/a/get.pl"),
        ("/usr/bin/ruby3.1", "ruby -rjson a.rb", "/home/a/a.rb"),
        ("/usr/bin/ruby3.1", "ruby -r json a.rb", "/home/a/a.rb"),
        ("/usr/bin/node", "node --require x --inspect app.js", "/home/a/app.js"),
        ("/usr/bin/node", "node --eval=1 app.js", nil),
        ("/usr/bin/node", "node -p 1", nil),
        ("/usr/bin/bash", "bash -e -o pipefail /x//run.sh a", "/x/run.sh"),
        ("/usr/bin/bash", "-bash", nil),
        ("/usr/bin/bash", "bash -lc ls x", nil),
        ("/usr/bin/bash", "bash -- -odd", "/home/a/-odd"),
        ("/usr/bin/dash", "sh -", nil),
        ("/usr/bin/java", "java -cp a.jar -jar b.jar", "/home/a/b.jar"),
        ("/usr/bin/java", "java com.example.Main", "/home/a/com.example.Main"),
        (
            "/usr/bin/java", "java -Xmx1g -cp /x/evil.jar:lib Main -jar b",
            "/x/evil.jar:/home/a/lib /home/a/Main"
        ),
        ("/usr/bin/java", "java --class-path=e.jar Main", "/home/a/e.jar /home/a/Main"),
        ("/usr/bin/java", "java -cp /x.jar: Main", "/x.jar:/home/a /home/a/Main"),
        ("/usr/bin/java", "java --class-path= Main", "/home/a /home/a/Main"),
        ("/usr/bin/java", "java -p mods -m app/x.Main", "/home/a/mods /home/a/app/x.Main"),
        ("/usr/bin/python3.13t", "python3.13t x.py", "/home/a/x.py"),
        ("/usr/bin/perl5.40-x86_64-linux-gnu", "perl get.pl", "/home/a/get.pl"),
        ("/usr/bin/dotnet", "dotnet /x/app.dll", "/x/app.dll"),
        ("/usr/bin/dotnet", "dotnet exec --depsfile d.json app.dll", "/home/a/app.dll"),
        ("/usr/bin/gawk", "gawk -F : -f x.awk data", "/home/a/x.awk"),
        ("/usr/bin/mawk", "mawk -F: -fx.awk data", "/home/a/x.awk"),
        ("/usr/bin/gawk", "gawk --file=x.awk", "/home/a/x.awk"),
        ("/usr/bin/original-awk", "awk {print} data", nil),
        ("/usr/lib/electron/electron", "electron --no-sandbox app.asar", "/home/a/app.asar"),
        ("/usr/bin/tcsh", "tcsh -f run.csh", "/home/a/run.csh"),
        ("/usr/bin/csh", "csh -c ls", nil),
        ("/usr/bin/pwsh", "pwsh -NoProfile -ExecutionPolicy Bypass -File x.ps1 a", "/home/a/x.ps1"),
        ("/usr/bin/pwsh", "pwsh -nop x.ps1", "/home/a/x.ps1"),
        ("/usr/bin/pwsh", "pwsh -Command Get-Date", nil),
        ("/usr/bin/expect", "expect -d x.exp a", "/home/a/x.exp"),
        ("/usr/bin/expect", "expect -f x.exp", "/home/a/x.exp"),
        ("/usr/bin/php8.4", "php -f x.php", "/home/a/x.php"),
        ("/usr/bin/deno", "deno run --allow-net x.ts", "/home/a/x.ts"),
        ("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "ld.so --library-path l /x/evil a", "/x/evil"),
    ])
    func `the script of an interpreter is its first plain argument`(
        executable: String,
        line: String,
        script: String?
    ) throws {
        let interpreter = try #require(Interpreter(executable: executable))
        let arguments = line.split(separator: " ").map(String.init)
        #expect(interpreter.script(in: arguments, folder: "/home/a") == script)
    }

    @Test func `many places are one short text, the same for the same places alone`() throws {
        let java = try #require(Interpreter(executable: "/usr/bin/java"))
        func script(_ places: String, in folder: String = "/home/a") -> String? {
            java.script(in: ["java", "-cp", places, "/Main"], folder: folder)
        }
        let (absolute, relative) = (
            String(repeating: "/x/a.jar:", count: 2000) + "/b", String(repeating: "a.jar:", count: 2000) + "b"
        )
        let text = try #require(script(absolute))
        #expect(text.utf8.count < 100 && text.hasSuffix(" /Main"))
        #expect(text == script(absolute, in: "/home/b"))
        #expect(text != script(absolute + "/c"))
        #expect(script(relative) != nil && script(relative) != script(relative, in: "/home/b"))
    }

    @Test func `a path longer than any that can be opened is no script`() throws {
        let shell = try #require(Interpreter(executable: "/bin/sh"))
        #expect(shell.script(in: ["sh", "/" + String(repeating: "a/", count: 4000)], folder: "/") == nil)
    }

    @Test(arguments: [
        "java", "python3", "perl", "node", "bash", "php", "gawk", "dotnet", "pwsh", "deno", "ld.so",
    ])
    func `arguments cost no more than their length`(name: String) throws {
        let interpreter = try #require(Interpreter(executable: "/usr/bin/\(name)"))
        for prefix in ["", "-", "--", "-X", "-cp", "+"] {
            for piece in ["s", "\u{323}\u{301}", "a:", "/\u{301}"] {
                let growth = ProcessorTime.growth(from: 4096) { size in
                    [name] + Array(repeating: prefix + String(repeating: piece, count: size), count: 2)
                } _: {
                    _ = interpreter.script(in: $0, folder: "/home/a")
                }
                #expect(growth < 9, "\(prefix)\(piece)")
            }
        }
    }

    @Test func `what a Flatpak says costs no more than its length`() {
        let growth = ProcessorTime.growth(from: 8192) { size in
            Array(("[Application]\nname=" + String(repeating: "\u{323}\u{301}", count: size)).utf8)
        } _: {
            _ = FlatpakInfo($0)
        }
        #expect(growth < 9)
    }

    @Test func `whoever is looked at while there are no descriptors isn't known, and in no sandbox`() {
        for failure in [UInt64(0), 1] {
            var count: UInt64 = 7
            let reader = ProcessReader(shortages: {
                defer { count += failure }
                return count
            })
            let answerer = Answerer.read(pid: getpid(), uid: getuid(), by: reader)
            #expect((answerer.identity == nil) == (failure > 0))
            #expect(answerer.sandbox == nil && answerer.uid == getuid())
        }
    }

    @Test func `more parents than are read are said to be missing`() throws {
        let own = try #require(ProcessIdentity(running: getpid()))
        let all = ProcessReader()
        #expect(all.chain(from: own).count > 1 && all.isComplete)
        for limits in [ProcessReader.Limits(chain: 1), .init(text: 1), .init(time: .zero)] {
            let reader = ProcessReader(limits: limits)
            #expect(reader.chain(from: own).count < 2 && !reader.isComplete)
        }
    }

    @Test(arguments: ["/usr/bin/git", "/usr/bin/pythonista", "", "/usr/bin/shutdown"])
    func `other programs have no script`(executable: String) {
        #expect(Interpreter(executable: executable) == nil)
    }

    @Test(arguments: [
        ("/usr/bin/python3.11", true), ("/usr/bin/python3.11 /home/me/backup.py", false),
        ("/usr/bin/python3.11 /home/me/python3", false), ("/usr/bin/python3.11 -m pip", false),
        ("/usr/bin/git", false), ("flatpak:org.example.App", false), ("", false),
    ])
    func `a program stands for any script where an interpreter names none`(id: String, isAnyScript: Bool) {
        #expect(Program.isAnyScript(id) == isAnyScript)
    }

    @Test func `a relative script without a folder is not known`() {
        #expect(Interpreter(executable: "/bin/sh")?.script(in: ["sh", "x"], folder: nil) == nil)
        let java = Interpreter(executable: "/usr/bin/java")
        #expect(java?.script(in: ["java", "-cp", "/a.jar:lib", "/Main"], folder: nil) == nil)
    }

    @Test func `units of the desktop are found in a control group's path`() {
        let user = "/user.slice/user-1000.slice/user@1000.service/app.slice/"
        #expect(
            ControlGroup(user + "app-gnome-firefox-4242.scope").applicationUnit
                == "app-gnome-firefox-4242.scope"
        )
        #expect(
            ControlGroup(user + "app-x@autostart.service/sub").applicationUnit == "app-x@autostart.service"
        )
        #expect(ControlGroup(user + "keybell.service").applicationUnit == nil)
        #expect(ControlGroup(user + "app-flatpak-org.a.B\\x2dC-77.scope").flatpak == "org.a.B-C")
        #expect(ControlGroup(user + "app-flatpak-.scope").flatpak == nil)
        #expect(ControlGroup(user + "snap.firefox.firefox-1b.scope").snap == "firefox")
        #expect(ControlGroup("/system.slice/snap.lxd.daemon.service").snap == "lxd")
        #expect(ControlGroup("/system.slice/snapd.service").snap == nil)
        #expect(ControlGroup("").applicationUnit == nil)
    }

    @Test(arguments: [
        ("[Application]\nname=org.mozilla.firefox\nruntime=r\n", "org.mozilla.firefox"),
        ("[Runtime]\nname=org.gnome.Platform\n", "org.gnome.Platform"),
        ("[Context]\nname=x\n", nil),
        ("", nil),
    ])
    func `a Flatpak's id is read from its info file`(text: String, id: String?) {
        #expect(FlatpakInfo(Array(text.utf8)).name == id)
    }
}
