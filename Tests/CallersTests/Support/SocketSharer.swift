// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import Synchronization
import TestSupport
import Testing

/// A Python program that connects to a listener of the test and does with its socket as it is told.
final class SocketSharer: Sendable {
    let listener: ListeningSocket
    let child: ChildProcess
    /// The program's socket.
    let owner: SocketOwner
    private let orders = Mutex(0)

    /// Starts it, connected.
    init() async throws {
        listener = try ListeningSocket(binding: try #require(InternetAddress("127.0.0.1", port: 0)))
        child = try ChildProcess("python3", ["-c", Self.script, "\(listener.address.port)"], input: nil)
        let port = try #require(UInt16(try await child.firstLine()))
        let local = try #require(InternetAddress("127.0.0.1", port: port))
        let remote = try #require(InternetAddress("127.0.0.1", port: listener.address.port))
        owner = try #require(try SocketTable.owner(local: local, remote: remote))
    }

    deinit {
        child.closeInput()
    }

    var pid: Int32 { child.pid }

    /// Has it do something, and gives the number that it answers.
    ///
    /// Orders are `fork`, `leave-to PROGRAM` (to a child that runs it), `orphan` (a child that has lost its parent, without the socket), `pass` (by SCM_RIGHTS to a
    /// process that isn't its child), `fly` (into a queue that nobody reads), `hide` (keep a copy in the table of a
    /// thread), `close` (its own copy), `run PROGRAM` (in its own place), `park BUS` (in a message), `leave` (its first
    /// thread ends, and another goes on).
    @discardableResult
    func order(_ command: String) async throws -> Int32 {
        let number = orders.withLock { count in
            count += 1
            return count
        }
        child.write("\(command)\n")
        try await child.prints("#\(number) ")
        let line = child.soFar.output.split(separator: "\n").first { $0.hasPrefix("#\(number) ") }
        return try #require(line.flatMap { Int32($0.split(separator: " ")[1]) }, "\(child.soFar)")
    }

    /// Everybody who holds its socket now.
    func look() async -> HolderSnapshot {
        await CallerIdentification.snapshot(of: owner)
    }

    func caller(earlier: [Holder] = []) async -> Caller {
        Caller(socket: owner, present: await look().holders, earlier: earlier)
    }

    private static let script = #"""
        import ctypes, os, socket, struct, subprocess, sys, threading

        port = int(sys.argv[1])
        bus = None

        ours, everybodys = os.pipe()
        kept = []

        def wait_for_parents_end():
            os.close(everybodys)
            os.read(ours, 1)
            os._exit(0)

        def align(data, to): return data + b"\0" * (-len(data) % to)

        def string(text): return struct.pack("<I", len(text)) + text.encode() + b"\0"

        def call(serial, fields, body=b""):
            array_ = b""
            for code, type, value in fields:
                array_ = align(array_, 8) + struct.pack("<B", code) + struct.pack("B", len(type)) + type.encode() + b"\0"
                if type == "g": array_ += struct.pack("B", len(value)) + value.encode() + b"\0"
                elif type == "u": array_ = align(array_, 4) + struct.pack("<I", value)
                else: array_ = align(array_, 4) + string(value)
            head = struct.pack("<cBBBII", b"l", 1, 0, 1, len(body), serial) + struct.pack("<I", len(array_)) + array_
            return align(head, 8) + body

        def park(address, number):
            global bus
            bus = socket.socket(socket.AF_UNIX)
            bus.connect(address.split("path=")[1].split(",")[0])
            bus.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
            bus.recv(1000)
            bus.sendall(b"NEGOTIATE_UNIX_FD\r\n")
            bus.recv(1000)
            bus.sendall(b"BEGIN\r\n")
            name = "org.freedesktop.DBus"
            bus.sendall(call(1, [(1, "o", "/org/freedesktop/DBus"), (2, "s", name), (3, "s", "Hello"), (6, "s", name)]))
            bus.recv(1000)
            message = call(2, [(1, "o", "/slow"), (2, "s", "org.example.Slow"), (3, "s", "Keep"),
                (6, "s", "org.example.Slow"), (8, "g", "h"), (9, "u", 1)], struct.pack("<I", 0))
            socket.send_fds(bus, [message], [number])

        s = socket.create_connection(("127.0.0.1", port))
        os.set_inheritable(s.fileno(), True)
        print(s.getsockname()[1], flush=True)
        pair = None
        for number, line in enumerate(sys.stdin, 1):
            order, *words = line.split()
            answer = 0
            if order == "fork":
                answer = os.fork()
                if answer == 0: wait_for_parents_end()
            elif order == "leave-to":
                kept.append(subprocess.Popen(words, pass_fds=[s.fileno()]))
                answer = kept[-1].pid
            elif order == "pass":
                here, there = socket.socketpair()
                # Its parent ends at once: it isn't ours any more.
                program = ("import os, socket, sys\n"
                    "there = socket.socket(fileno=int(sys.argv[1]))\n"
                    "if os.fork(): os._exit(0)\n"
                    "_, held, _, _ = socket.recv_fds(there, 1, 1)\n"
                    "there.send(str(os.getpid()).encode())\n"
                    "there.recv(1)\n"
                    "if len(sys.argv) > 2: import time; time.sleep(20)\n")
                arguments = [words[0] if words else sys.executable, "-c", program, str(there.fileno())] + words[1:]
                subprocess.Popen(arguments, pass_fds=[there.fileno()], close_fds=True).wait()
                socket.send_fds(here, [b"x"], [s.fileno()])
                there.close()
                kept.append(here)
                answer = int(here.recv(20))
            elif order == "orphan":
                # Without the socket, in a session of its own, and its parent ends at once.
                ours_, theirs = os.pipe()
                if os.fork() == 0:
                    if os.fork(): os._exit(0)
                    os.setsid()
                    s.close()
                    os.write(theirs, str(os.getpid()).encode())
                    wait_for_parents_end()
                os.wait()
                answer = int(os.read(ours_, 20))
            elif order == "fly":
                pair = socket.socketpair()
                socket.send_fds(pair[0], [b"x"], [s.fileno()])
            elif order == "hide":
                # A thread with a table of descriptors of its own.
                hidden = threading.Event()
                def hide():
                    ctypes.CDLL(None).unshare(0x400)
                    hidden.set()
                    threading.Event().wait()
                threading.Thread(target=hide, daemon=True).start()
                hidden.wait()
            elif order == "close":
                s.close()
            elif order == "leave":
                print(f"#{number} 0", flush=True)
                threading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()
                ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 0)
            elif order == "park":
                park(words[0], s.fileno())
            elif order == "run":
                print(f"#{number} 0", flush=True)
                os.execv(words[0], words)
            print(f"#{number} {answer}", flush=True)
        os._exit(0)
        """#
}
