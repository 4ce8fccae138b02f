// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Ciphers
import KeePassHTTP
import Testing

@testable import Clients

/// A memory that `#expect` may ask, which takes no mutating calls.
private final class Memory {
    private var memory = NonceMemory()

    func admit(_ nonce: Nonce, isHeld: Bool, isChange: Bool) -> Bool {
        memory.admit(nonce, isHeld: isHeld, isChange: isChange)
    }

    @discardableResult
    func strike(_ nonce: Nonce) -> Bool {
        memory.strike(nonce)
    }
}

@Suite struct NonceMemoryTests {
    @Test func `a reader without Hmac may use a nonce again`() {
        let memory = Memory()
        let nonce = Nonce.random()
        for _ in 0..<3 { #expect(memory.admit(nonce, isHeld: false, isChange: false)) }
    }

    @Test func `a change works once with a nonce, also one that reads have used`() {
        let memory = Memory()
        let nonce = Nonce.random()
        #expect(memory.admit(nonce, isHeld: false, isChange: false))
        #expect(memory.admit(nonce, isHeld: false, isChange: true))
        #expect(!memory.admit(nonce, isHeld: false, isChange: true))
        #expect(memory.admit(nonce, isHeld: false, isChange: false))
    }

    @Test(arguments: [true, false], [true, false])
    func `who uses Hmacs uses no nonce twice`(first: Bool, second: Bool) {
        let memory = Memory()
        let nonce = Nonce.random()
        #expect(memory.admit(nonce, isHeld: true, isChange: first))
        #expect(!memory.admit(nonce, isHeld: true, isChange: second))
        #expect(memory.admit(.random(), isHeld: true, isChange: second))
    }

    @Test func `a nonce is used up by the eighth field that doesn't decrypt`() {
        let memory = Memory()
        let nonce = Nonce.random()
        for _ in 0..<7 { #expect(!memory.strike(nonce)) }
        #expect(memory.admit(nonce, isHeld: false, isChange: false))
        #expect(memory.strike(nonce))
        #expect(!memory.admit(nonce, isHeld: false, isChange: false))
        #expect(memory.admit(.random(), isHeld: false, isChange: false))
    }

    @Test func `old reads are forgotten, old changes are not`() {
        let memory = Memory()
        let (read, change) = (Nonce.random(), Nonce.random())
        #expect(memory.admit(read, isHeld: true, isChange: false))
        #expect(memory.admit(change, isHeld: true, isChange: true))
        for _ in 0..<NonceMemory.rememberedReads {
            #expect(memory.admit(.random(), isHeld: true, isChange: false))
        }
        #expect(memory.admit(read, isHeld: true, isChange: false))
        #expect(!memory.admit(change, isHeld: true, isChange: true))
    }

    @Test func `a memory full of changes takes no more of them, but reads go on`() {
        let memory = Memory()
        for _ in 0..<NonceMemory.limit { _ = memory.admit(.random(), isHeld: false, isChange: true) }
        #expect(!memory.admit(.random(), isHeld: false, isChange: true))
        #expect(memory.admit(.random(), isHeld: false, isChange: false))
    }
}

@Suite struct ClientNameTests {
    @Test(arguments: [
        ("firefox", [], "firefox"), ("firefox", ["firefox"], "firefox-2"),
        ("firefox", ["firefox", "firefox-2"], "firefox-3"), ("Ünïcode Id", [], "Ünïcode Id"),
        ("", [], "client"), ("fіrefоx", [], "client"), ("браузер-2", [], "браузер-2"),
        ("a\nb\u{202E}c", [], "abc"), ("\u{7}", ["client"], "client-2"),
    ])
    func `a suggestion is the base, or the next free number`(base: String, taken: [String], expected: String)
    {
        let name = ClientName.free(near: base) { taken.contains($0) }
        #expect(name == expected)
    }

    @Test(arguments: [String(repeating: "x", count: 128), String(repeating: "é", count: 128), "日本語"])
    func `a numbered suggestion is no longer than an Id may be`(base: String) {
        let name = ClientName.free(near: base) { $0 == base }
        #expect(name.hasSuffix("-2"))
        #expect(PlainName(name)?.text == name)
    }
}
