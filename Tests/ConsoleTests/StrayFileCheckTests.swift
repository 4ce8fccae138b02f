// SPDX-License-Identifier: Apache-2.0

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

    @Test func `only such files are found, and none where there is no folder`() throws {
        let folder = try TemporaryFolder()
        try folder.write("kdbx-vault-0011223344556677.keybell-saved-2", "x")
        try folder.write("kdbx-vault-0011223344556677.keybell-saved-2.json", "{}")
        try folder.write("kdbx-vault-0011223344556677.json", "{}")
        try folder.write("nonces", "")
        let findings = StrayFileCheck.findings(Configuration(), state: folder.path)
        #expect(findings.count == 1)
        #expect(findings.first?.text.contains("keybell-saved-2 ") == true)
        #expect(StrayFileCheck.findings(Configuration(), state: folder.path("gone")).isEmpty)
    }
}
