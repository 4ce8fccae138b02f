// SPDX-License-Identifier: Apache-2.0

import SecretService
import Settings
import Testing
import Vault

@testable import Console

struct OriginCheckTests {
    private func findings(
        _ origins: [LoginOrigin],
        _ counts: [LoginOrigin: Int],
        provider: KeyringReport.Program? = .gnomeKeyring
    ) -> [Finding] {
        var vault = VaultSettings.keyring
        vault.origins = origins
        return OriginCheck.findings(of: vault, counts, provider: provider)
    }

    @Test func `logins of other programs are counted`() {
        #expect(
            findings([.git, .network], [.git: 1, .network: 3]) == [
                .ok("Vault keyring", "1 login from git"),
                .ok("Vault keyring", "3 logins from network passwords"),
            ]
        )
    }

    @Test(arguments: LoginOrigin.allCases)
    func `a program that keeps nothing there is told with what to do`(origin: LoginOrigin) throws {
        let finding = try #require(findings([origin], [:]).first)
        #expect(finding.level == .warning && finding.text.contains("\"\(origin.rawValue)\""))
        #expect(finding.advice.hasSuffix("Or take \"\(origin.rawValue)\" out of `items`."))
    }

    @Test func `KeePassXC's entries need KeePassXC to offer the keyring`() throws {
        let other = try #require(findings([.keepassxc], [:]).first)
        #expect(other.advice.hasPrefix("gnome-keyring offers the Secret Service: end it"))
        let own = try #require(findings([.keepassxc], [:], provider: .keePassXC).first)
        #expect(own.advice.hasPrefix("Choose a group with entries in KeePassXC"))
    }
}
