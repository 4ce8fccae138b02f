// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import Secrecy
import TestSupport
import Testing

/// What a request leaves behind in the daemon's memory, looked at as root.
@Suite(.enabled(if: geteuid() == 0, "only root may look at the memory of a process that isn't dumpable"))
struct DoorMemoryTests {
    @Test func `keys, saved, fetched and generated passwords are gone when their request is answered`()
        async throws
    {
        let household = try await Household()
        let guest = try await Guest.associated(with: household, as: "firefox")
        let saved = "saved-through-set-login-7Qx"
        #expect(try await guest.save("https://example.org/", login: "alice-9Zk", password: saved).success)
        let found = try await Porter(household).answering {
            try await guest.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: saved)])
        let generated = try #require(try await guest.ask(.generatePassword).entries.first?.password)
        let secrets = [saved, generated.exposedText(), guest.key.base64().exposedText()].compactMap(\.self)
        try #require(secrets.count == 3)
        let pid = try household.daemon.pid
        // The image is one: what is public is there.
        #expect(try await !Self.found(["alice-9Zk"], in: pid).isEmpty)
        let findings = try await Self.found(secrets, in: pid)
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test func `the body of an associate that is denied leaves nothing of its key`() async throws {
        let household = try await Household()
        let guest = Guest(household)
        let reply = try await Porter(household).answering(decision: "deny") {
            try await guest.ask(.associate)
        }
        #expect(!reply.success)
        let key = try #require(guest.key.base64().exposedText())
        let findings = try await Self.found([key], in: household.daemon.pid)
        #expect(findings.isEmpty, "\(findings)")
    }

    /// Where in a process's writable memory these texts stand.
    private static func found(_ texts: [String], in pid: Int32) async throws -> String {
        let report = try await ChildProcess.run(
            "python3",
            ["-c", search, "\(pid)"],
            input: texts.joined(separator: "\n")
        )
        guard report.status == 0 else { throw TestFailure("\(report)") }
        return report.output
    }

    private static let search = """
        import re, sys
        pid, texts = sys.argv[1], sys.stdin.buffer.read().split(b"\\n")
        with open("/proc/%s/mem" % pid, "rb", 0) as memory:
            for line in open("/proc/%s/maps" % pid):
                start, end, rights, name = re.match(r"(\\w+)-(\\w+) (\\S+) \\S+ \\S+ \\S+ *(.*)", line).groups()
                if not rights.startswith("rw"): continue
                try:
                    memory.seek(int(start, 16))
                    image = memory.read(int(end, 16) - int(start, 16))
                except (OSError, OverflowError, ValueError): continue
                for text in texts:
                    for hit in re.finditer(re.escape(text), image):
                        around = image[max(0, hit.start() - 40):hit.end() + 40]
                        print("%s+%x %s: %r" % (start, hit.start(), name or "anonymous", around))
        """
}
