// SPDX-License-Identifier: Apache-2.0

import DBus
import Testing

@testable import Console

/// What is offered at a shell's completion key.
@Suite struct CompletionTests {
    @Test(arguments: [
        "7F3K", "git", "Firefox-2", "user@host", "/usr/bin/x", "a.b_c+d", "Schlüssel", "鍵", "é",
    ])
    func `a plain word is offered`(word: String) {
        #expect(Completions.isPlain(word))
    }

    @Test(arguments: [
        "", "-f", "a b", "a\tb", "a\nb", "$(id)", "${IFS}", "`id`", "a;id", "a&", "a|b", "a<b", "a>b", "*",
        "a?",
        "[a]", "{a,b}", "~root", "!!", "#a", "a\\b", "'a", "\"a", "a=b", "a:b", "a%b", "^a", "(a)", "$x",
        "a\u{A0}b",
        "a\u{2028}b", "a\u{200B}b", "a\u{1B}b",
    ])
    func `what a shell would read as anything but itself isn't`(word: String) {
        #expect(!Completions.isPlain(word))
    }

    @Test func `the logins of the request whose code was typed are offered, and what a mute goes by`() {
        func request(_ code: String, _ members: [String: Value] = [:]) -> RequestDetails {
            RequestDetails(code: code, reading: members)
        }
        let waiting = [request("7F2A"), request("8K3D")]
        let words = ["keybell", "allow", "--scope", "once", "8k3d", "--entry", ""]
        #expect(Completions.request(in: words, of: waiting)?.code == "8K3D")
        #expect(Completions.request(in: ["keybell", "allow", "--entry"], of: waiting) == nil)
        let until: [String: Value] = ["muted-until": .uint64(200), "muted": .strings(["/usr/bin/git"])]
        let recent = [request("7F2A", until), request("8K3D")]
        #expect(Completions.mutes(among: recent, now: 100) == ["7F2A", "/usr/bin/git"])
        #expect(Completions.mutes(among: recent, now: 200).isEmpty)
    }
}
