// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import KDBX
import SecureMemory
import Synchronization
import TestSupport
import Testing

@testable import DerivationProcess

/// Key derivations in a process of their own, with the built daemon as the program that does them.
struct DerivationProcessTests {
    /// Half a mebibyte and 64 lanes: more threads than anything, for the better part of an hour.
    static let bomb = KeyDerivation.argon2(.init(.id, memory: 512 << 10, iterations: 262_144, lanes: 64))
    static let cheap: [KeyDerivation] = [
        .aes(rounds: 1000), .argon2(.init(.d, memory: 1 << 20, iterations: 2, lanes: 3)),
        .argon2(.init(.id, memory: 1 << 20, iterations: 1, lanes: 1)),
    ]

    private let key = Randomness.secret(32)

    /// The built daemon, beside the runner of the tests.
    static func process(_ program: String = "keybelld") -> DerivationProcess {
        let folder =
            ProcessInfo.processInfo.environment["KEYBELL_PROGRAMS"]
            ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        return DerivationProcess(program: [folder + "/" + program, DerivationWorker.argument])
    }

    /// Limits that let the bomb through to its deadline.
    private func limits(seconds: Int) -> KDBXLimits {
        var limits = KDBXLimits(seconds: 600, mebibytes: 2048)
        limits.seconds = seconds
        return limits
    }

    @Test(arguments: cheap)
    func `the process derives what this one would`(derivation: KeyDerivation) throws {
        let expected = try DirectDeriver().derive(derivation, from: key, limits: KDBXLimits())
        #expect(try Self.process().derive(derivation, from: key, limits: limits(seconds: 60)) == expected)
    }

    @Test func `what takes too long ends at its deadline`() throws {
        let began = ContinuousClock.now
        #expect(throws: KDBXError.tooCostly(.time)) {
            try Self.process().derive(Self.bomb, from: key, limits: limits(seconds: 1))
        }
        // It would be some forty minutes.
        #expect(ContinuousClock.now - began < .seconds(60))
    }

    @Test func `it ends when it is told to, and begins no more`() async throws {
        let process = Self.process()
        let limits = limits(seconds: 600)
        let running = Task { [key] in
            try process.derive(Self.bomb, from: key, limits: limits)
        }
        process.end()
        await #expect(throws: KDBXError.cancelled) { try await running.value }
        #expect(throws: KDBXError.cancelled) { try process.derive(Self.cheap[0], from: key, limits: limits) }
    }

    @Test func `what is hopeless isn't begun`() {
        // 8.5 MiB of work for each of so many passes.
        let nobody = DerivationProcess(program: ["/nonexistent"])
        #expect(throws: KDBXError.tooCostly(.rounds)) {
            try nobody.derive(Self.bomb, from: key, limits: KDBXLimits(seconds: 20, mebibytes: 2048))
        }
        #expect(throws: KDBXError.tooCostly(.memory)) {
            try nobody.derive(
                .argon2(.init(.d, memory: 2 << 20, iterations: 1, lanes: 1)),
                from: key,
                limits: KDBXLimits(seconds: 20, mebibytes: 1)
            )
        }
    }

    @Test(arguments: ["/nonexistent", "/bin/true", "/bin/cat", "/bin/yes"])
    func `a program that isn't one of ours gives no key`(program: String) {
        let process = DerivationProcess(program: [program])
        #expect(throws: KDBXError.failed) {
            try process.derive(Self.cheap[0], from: key, limits: limits(seconds: 2))
        }
    }

    @Test func `a key that comes byte by byte leaves no part of it in memory that it has outgrown`() {
        let answer = DerivationOutput()
        func place() -> UnsafeRawPointer? {
            unsafe answer.bytes.withLock { unsafe $0.withUnsafeBytes { $0.baseAddress } }
        }
        answer.add([1].span)
        let first = unsafe place()
        for byte in UInt8(2)...32 { answer.add([byte].span) }
        #expect(unsafe place() == first)
        #expect(answer.key == SecretBytes(copying: Array(1...32)))
    }
}
