// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import KDBX
import TestSupport
import Testing

/// Files whose key takes longer to derive than anybody waits, with the built programs.
struct DerivationTests {
    /// Half a mebibyte, 64 lanes: some forty minutes, from a few hundred bytes.
    static let bomb = KeyDerivation.argon2(.init(.id, memory: 512 << 10, iterations: 262_144, lanes: 64))
    /// Some twenty seconds of one thread: nothing that is hopeless from the beginning.
    static let slow = KeyDerivation.argon2(.init(.id, memory: 1 << 20, iterations: 24_000, lanes: 1))

    @Test func `a lock ends the derivation, and the next unlock goes on at once`() async throws {
        let vault = try await BuiltVault(BuiltVault.bomb(Self.bomb), unlock: "max_kdf_seconds = 600")
        let unlock = try vault.session.starting("unlock", "main")
        let process = try await vault.waitForDerivations(1)
        #expect(try await vault.session.keybell("lock", "main").status == 0)
        #expect(try await unlock.end(within: .seconds(20)).status != 0)
        _ = try await vault.waitForDerivations(0)
        #expect(kill(process[0], 0) != 0)
        try vault.replace(try BuiltVault.file())
        let again = try await vault.session.keybell("unlock", "main")
        #expect(again.status == 0, "\(again)")
    }

    @Test func `the daemon stops at once in the middle of it, and takes it along even when it is killed`()
        async throws
    {
        for isKilled in [false, true] {
            let vault = try await BuiltVault(BuiltVault.bomb(Self.bomb), unlock: "max_kdf_seconds = 600")
            let unlock = try vault.session.starting("unlock", "main")
            let process = try await vault.waitForDerivations(1)[0]
            if isKilled {
                try vault.session.daemon.kill()
            } else {
                #expect(try await vault.session.stop().status == 0)
            }
            _ = try await unlock.end(within: .seconds(20))
            for _ in 0..<200 where FileManager.default.fileExists(atPath: "/proc/\(process)/status") {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(process)/status"))
        }
    }

    @Test func `what takes longer than max_kdf_seconds ends then, with a sentence`() async throws {
        let vault = try await BuiltVault(BuiltVault.bomb(Self.slow), unlock: "max_kdf_seconds = 2")
        let report = try await vault.session.keybell("unlock", "main")
        #expect(report.status == 1)
        #expect(report.errors.contains("takes longer to open than max_kdf_seconds (2) allows"), "\(report)")
        _ = try await vault.waitForDerivations(0)
        // What can't be done in the time on any computer isn't begun.
        try vault.replace(try BuiltVault.bomb(Self.bomb))
        let hopeless = try await vault.session.keybell("unlock", "main")
        #expect(hopeless.errors.contains("max_kdf_seconds (2)"), "\(hopeless)")
    }

    @Test func `import-clients keeps to the same limits`() async throws {
        let vault = try await BuiltVault(
            BuiltVault.bomb(Self.slow),
            unlock: "max_kdf_seconds = 2\nmax_kdf_memory_mib = 8"
        )
        let path = vault.folder.path("main.kdbx")
        let report = try await vault.session.keybell("import-clients", path, input: "demopass\n")
        #expect(report.status == 1)
        #expect(report.errors.contains("takes longer to open than max_kdf_seconds (2) allows"), "\(report)")
        try vault.replace(
            try BuiltVault.bomb(.argon2(.init(.d, memory: 16 << 20, iterations: 1, lanes: 1)))
        )
        let large = try await vault.session.keybell("import-clients", path, input: "demopass\n")
        #expect(large.errors.contains("max_kdf_memory_mib (8)"), "\(large)")
    }
}
