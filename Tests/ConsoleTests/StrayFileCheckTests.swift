// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Settings
import TestSupport
import Testing

@testable import Console

struct StrayFileCheckTests {
    private let path = "/state/kdbx-vault-1.keybell-saved"

    @Test func `what is kept of a vault that the configuration lacks is named with what to do`() {
        let finding = StrayFileCheck.finding(path, of: "/home/me/old.kdbx", isInFile: false)
        #expect(finding.level == .warning)
        #expect(finding.text.contains(path) && finding.text.contains("/home/me/old.kdbx"))
        #expect(finding.advice.contains("`path`") && finding.advice.contains("KeePassXC"))
    }

    @Test func `a copy of what the file has can be removed`() {
        let finding = StrayFileCheck.finding(path, of: "/home/me/old.kdbx", isInFile: true)
        #expect(finding.level == .ok && finding.text.contains(path))
    }

    @Test func `what is kept of a file that is gone is to be merged where that is now, or removed`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = "kdbx-vault-0011223344556677.keybell-saved"
        try folder.write(path, "x")
        try folder.write(path + ".json", #"{"saves":[],"vault":"\#(folder.path("old.kdbx"))","file":"ab"}"#)
        let finding = try #require(await StrayFileCheck.findings(Configuration(), state: folder.path).first)
        #expect(finding.level == .warning && finding.text.contains("is gone"))
        #expect(finding.advice.contains("KeePassXC") && !finding.advice.contains("`path`"))
        try folder.write("old.kdbx", "other")
        let there = try #require(await StrayFileCheck.findings(Configuration(), state: folder.path).first)
        #expect(there.advice.contains("`path`"))
    }

    @Test func `a copy of a file that was moved isn't to be removed`() async throws {
        let folder = try TemporaryFolder()
        let (path, former) = ("kdbx-vault-0011223344556677.keybell-saved", folder.path("old.kdbx"))
        try folder.write(path, "x")
        try folder.write(path + ".json", #"{"saves":[],"vault":"\#(former)","file":"ab"}"#)
        var (configuration, vault) = (Configuration(), VaultSettings.keyring)
        (vault.kind, vault.path) = (.kdbx, folder.path("new.kdbx"))
        configuration.vaults = [vault]
        let findings = await StrayFileCheck.findings(configuration, state: folder.path) { file in
            file == former ? nil : "ab"
        }
        #expect(findings.map(\.level) == [.ok])
        #expect(findings.first?.text.contains("takes it over") == true)
    }

    @Test func `only such files are found, and none where there is no folder`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("kdbx-vault-0011223344556677.keybell-saved-2", "x")
        try folder.write("kdbx-vault-0011223344556677.keybell-saved-2.json", "{}")
        try folder.write("kdbx-vault-0011223344556677.json", "{}")
        try folder.write("nonces", "")
        let findings = await StrayFileCheck.findings(Configuration(), state: folder.path)
        #expect(findings.count == 1)
        #expect(findings.first?.text.contains("keybell-saved-2 ") == true)
        #expect(await StrayFileCheck.findings(Configuration(), state: folder.path("gone")).isEmpty)
    }

    @Test func `a former vault whose mount hangs is named itself, and holds up nothing else`() async throws {
        let folder = try TemporaryFolder()
        for (name, vault) in [("1", "/hung/old.kdbx"), ("2", "/there/old.kdbx")] {
            let path = "kdbx-vault-000000000000000\(name).keybell-saved"
            try folder.write(path, "x")
            try folder.write(path + ".json", #"{"saves":[],"vault":"\#(vault)","file":"ab"}"#)
        }
        let isOver = DispatchSemaphore(value: 0)
        defer { isOver.signal() }
        let findings = await StrayFileCheck.findings(
            Configuration(),
            state: folder.path,
            within: .seconds(2)
        ) { file in
            if file.hasPrefix("/hung") { _ = isOver.wait(timeout: .now() + 60) }
            return "ab"
        }
        #expect(findings.map(\.level) == [.warning, .ok])
        let text = try #require(findings.first).text
        #expect(text.contains("/hung/old.kdbx gives no answer") && !text.contains("which may be missing"))
    }
}
