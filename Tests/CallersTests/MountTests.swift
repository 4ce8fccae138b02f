// SPDX-License-Identifier: Apache-2.0

import Callers
import Foundation
import Linux
import TestSupport
import Testing

/// Programs in file systems of their own.
@Suite struct MountTests {
    /// `unshare` with mounts of its own, as root or as any user that may have namespaces.
    static let unshare = getuid() == 0 ? "unshare -m" : "unshare -Urm"

    /// Runs a shell script in which `$RING` connects and waits, and tells who asks.
    private func caller(
        of script: String,
        in folder: TemporaryFolder,
        meanwhile: (Int32) async -> Void = { _ in }
    ) async throws -> Caller {
        let listener = try ListeningSocket(binding: try #require(InternetAddress("127.0.0.1", port: 0)))
        let number = try #require(listener.take())
        defer { close(number) }
        let child = try ChildProcess(
            "bash",
            ["-c", script],
            environment: [
                "F": folder.path,
                "RING": "exec 3<>/dev/tcp/127.0.0.1/\(listener.address.port); echo exchange; read -r line",
            ],
            input: nil
        )
        defer { child.closeInput() }
        try await child.prints("exchange")
        await meanwhile(child.pid)
        let accepted = accept(number, nil, nil)
        defer { close(accepted) }
        let remote = try #require(InternetAddress("127.0.0.1", port: Self.peerPort(of: accepted)))
        let owner = try #require(try SocketTable.owner(local: remote, remote: listener.address))
        return Caller(socket: owner, present: await CallerIdentification.snapshot(of: owner).holders)
    }

    @Test func `who sees what we see is told from who doesn't, also where it may not be looked at`()
        async throws
    {
        let wait = "echo ready; read -r end"
        let hiding = "import ctypes; ctypes.CDLL(None).prctl(4, 0); print('ready', flush=True); input()"
        for (command, isSeen) in [
            (["sh", "-c", wait], true), (["python3", "-c", hiding], true),
            (Self.unshare.split(separator: " ").map(String.init) + ["python3", "-c", hiding], false),
            (Self.unshare.split(separator: " ").map(String.init) + ["sh", "-c", wait], false),
        ] {
            let child = try ChildProcess(command[0], Array(command.dropFirst()), input: nil)
            _ = try await child.firstLine()
            #expect(ProcessTable.shareView(child.pid, getpid()) == isSeen, "\(command)")
            child.kill()
        }
        #expect(ProcessTable.shareView(getpid(), getpid()) && !ProcessTable.shareView(.max, getpid()))
    }

    @Test(.enabled(if: getuid() == 0, "a process namespace alone needs rights"))
    func `who has other processes before it doesn't see what we see`() async throws {
        let child = try ChildProcess(
            "unshare",
            ["--pid", "--fork", "sh", "-c", "echo ready; read -r end"],
            input: nil
        )
        _ = try await child.firstLine()
        let children = try FileBytes.read("/proc/\(child.pid)/task/\(child.pid)/children")
        let text = String(decoding: children, as: UTF8.self)
        let inner = try #require(Int32(text.split(separator: " ").first ?? ""))
        #expect(!ProcessTable.shareView(inner, getpid()) && ProcessTable.shareView(child.pid, getpid()))
        child.kill()
    }

    @Test func `a sandboxed program whose first thread has ended is in its sandbox all the same`()
        async throws
    {
        let folder = try TemporaryFolder()
        _ = try folder.write("leave.py", Self.leaving)
        let script = """
            exec \(Self.unshare) sh -ec '
            export R="$F/root"; mkdir "$R"; mount -t tmpfs none "$R"
            mkdir "$R/usr" "$R/dev"; mount --rbind /usr "$R/usr"; mount --rbind /dev "$R/dev"
            for link in bin lib lib64; do [ -L "/$link" ] && cp -P "/$link" "$R/$link"; done
            printf "[Application]\\nname=org.example.App\\n" > "$R/.flatpak-info"
            cp "$F/leave.py" "$R"
            exec chroot "$R" /usr/bin/python3 /leave.py "$RING"'
            """
        let caller = try await caller(of: script, in: folder) { pid in
            while ProcessTable.survivors(of: pid).isEmpty { await Task.yield() }
            // Whatever it calls on the bus is refused.
            #expect(await Answerer.look(pid: pid, uid: getuid()).sandbox?.name == "org.example.App")
        }
        #expect(caller.sandbox == "org.example.App")
        #expect(!caller.program.isKnown)
    }

    /// Connects, and goes on without its first thread.
    private static let leaving = #"""
        import ctypes, os, re, socket, sys, threading
        s = socket.create_connection(("127.0.0.1", int(re.search(r"tcp/127.0.0.1/(\d+)", sys.argv[1])[1])))
        threading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()
        print("exchange", flush=True)
        ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 0)
        """#

    private static func peerPort(of accepted: Int32) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                unsafe getpeername(accepted, peer, &length)
            }
        }
        return result == 0 ? UInt16(bigEndian: address.sin_port) : 0
    }

    private func withBash() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let copied = try await ChildProcess.run("cp", ["/bin/bash", folder.path("git")])
        try #require(copied.status == 0, "\(copied)")
        return folder
    }

    @Test func `a program at its path is what it says`() async throws {
        let folder = try await withBash()
        let caller = try await caller(of: #"exec "$F/git" -c "$RING""#, in: folder)
        let asker = try #require(caller.askers.first)
        #expect(asker.process.executable == folder.path("git"))
        #expect(asker.process.isFoundAtPath && asker.process.userWritable)
        #expect(caller.program == Program(id: folder.path("git")))
    }

    @Test(arguments: [
        // bound over another one in mounts of its own
        #"cp /bin/bash "$F/evil"; \#(unshare) sh -c 'mount --bind "$F/evil" "$F/git"; exec "$F/git" -c "$RING"'"#,
        // replaced since it began, and deleted
        #"exec "$F/git" -c 'cp /bin/sleep "$F/new"; mv "$F/new" "$F/git"; eval "$RING"'"#,
        #"exec "$F/git" -c 'rm "$F/git"; eval "$RING"'"#,
    ])
    func `a program whose file isn't the one at its path is no known program`(script: String) async throws {
        let folder = try await withBash()
        let caller = try await caller(of: script, in: folder)
        let asker = try #require(caller.askers.first)
        #expect(asker.process.executable == folder.path("git"))
        #expect(!asker.process.isFoundAtPath)
        #expect(!caller.program.isKnown)
        #expect(caller.program.vouched == "another \(folder.path("git"))")
    }

    @Test(arguments: [
        (#"printf '[Application]\nname=org.example.App\n' > "$R/.flatpak-info""#, "org.example.App"),
        (#"printf '[Application]\nname=/usr/bin/curl\n' > "$R/.flatpak-info""#, "unknown sandbox"),
        (#"head -c 70000 /dev/zero > "$R/.flatpak-info""#, "unknown sandbox"),
        (#"mkdir "$R/.flatpak-info""#, "unknown sandbox"),
        (#"ln -s nowhere "$R/.flatpak-info""#, "unknown sandbox"),
        (#"mkfifo "$R/.flatpak-info""#, "unknown sandbox"),
        (#": > "$R/.flatpak-info""#, "unknown sandbox"),
        ("true", nil),
    ])
    func `whatever lies where a Flatpak has its description makes a sandbox`(
        make: String,
        id: String?
    ) async throws {
        let folder = try TemporaryFolder()
        let script = """
            exec \(Self.unshare) sh -ec '
            export R="$F/root"; mkdir "$R"; mount -t tmpfs none "$R"
            mkdir "$R/usr" "$R/dev"; mount --rbind /usr "$R/usr"; mount --rbind /dev "$R/dev"
            for link in bin lib lib64; do [ -L "/$link" ] && cp -P "/$link" "$R/$link"; done
            \(make.replacingOccurrences(of: "'", with: "'\\''"))
            exec chroot "$R" bash -c "$RING"'
            """
        let caller = try await caller(of: script, in: folder)
        #expect(caller.sandbox == id)
        // Nobody but the process itself says which Flatpak it is; without a sandbox it isn't the program at its path.
        #expect(!caller.program.isKnown)
        if let id { #expect(["flatpak:\(id)", id].contains(caller.program.vouched)) }
    }

    @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/fuse"), "there is no FUSE here"))
    func `a process at whose root nobody answers is in a sandbox, and keeps nobody waiting`() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.makeFolder("mute")
        _ = try folder.write("mute.py", Self.muteFileSystem)
        let script = #"\#(Self.unshare) python3 "$F/mute.py" "$F/mute" "${RING//[^0-9]/ }""#
        let caller = try await caller(of: script, in: folder)
        #expect(caller.isKnown)
        #expect(caller.sandbox == Sandbox.unknown.name)
        #expect(!caller.program.isKnown)
    }

    /// Mounts a file system that never answers when it is asked for a name, and connects from inside it.
    private static let muteFileSystem = #"""
        import ctypes, os, socket, struct, sys
        place, port = sys.argv[1], int(sys.argv[2].split()[-1])
        device = os.open("/dev/fuse", os.O_RDWR)
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
        if libc.mount(b"fuse", place.encode(), b"fuse", 6, options): sys.exit(os.strerror(ctypes.get_errno()))
        server = os.fork()
        if server == 0:
            libc.prctl(1, 9, 0, 0, 0)
            while True:
                try: request = os.read(device, 200000)
                except OSError as error:
                    if error.errno == 19: os._exit(0)
                    continue
                _, code, number = struct.unpack_from("<IIQ", request)
                error, data = 0, b""
                if code == 1: continue
                elif code == 26: data = struct.pack("<IIIIHHI", 7, 31, 0, 0, 0, 0, 4096).ljust(64, b"\0")
                elif code == 3:
                    data = struct.pack("<QII6Q3I7I", 1000, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 0, 0)
                else: error = -38
                os.write(device, struct.pack("<IiQ", 16 + len(data), error, number) + data)
        s = socket.create_connection(("127.0.0.1", port))
        os.chroot(place)
        print("exchange", flush=True)
        sys.stdin.readline()
        os.kill(server, 9)
        """#
}
