// SPDX-License-Identifier: Apache-2.0

import Approval
import Operations
import Testing
import Vault

@testable import Settings

/// A line of TOML and what it changes in the defaults.
struct GoodValue: Sendable, CustomTestStringConvertible {
    let toml: String
    let change: @Sendable (inout Configuration) -> Void

    init(_ toml: String, _ change: @escaping @Sendable (inout Configuration) -> Void) {
        self.toml = toml
        self.change = change
    }

    var testDescription: String { toml }
}

struct GoodValueTests {
    @Test(arguments: [
        GoodValue("http.port = 1024") { $0.http.port = 1024 },
        GoodValue("http.tls_port = 443") { $0.http.tlsPort = 443 },
        // The default of HTTPS, which isn't served.
        GoodValue("http.port = 19456") { $0.http.port = 19456 },
        GoodValue("http.certificate = \"~/c.pem\"\nhttp.private_key = \"/k.pem\"") {
            $0.http.certificate = .init(file: "/home/ann/c.pem", privateKey: "/k.pem")
        },
        GoodValue(#"http.allowed_origins = ["https://wiki.example:8443", "app+x://a"]"#) {
            $0.http.allowedOrigins = ["https://wiki.example:8443", "app+x://a"]
        },
        GoodValue("unlock.pinentry = \"~/bin/pinentry\"") { $0.unlock.pinentry = "/home/ann/bin/pinentry" },
        GoodValue("unlock.tries = 1") { $0.unlock.tries = 1 },
        GoodValue("unlock.max_kdf_seconds = 600") { $0.unlock.maximumKDFSeconds = 600 },
        GoodValue("unlock.max_kdf_memory_mib = 64") { $0.unlock.maximumKDFMemoryMiB = 64 },
        GoodValue("unlock.on_request = true") { $0.policy.unlocksOnRequest = true },
        GoodValue("lock.idle_minutes = 15") { $0.lock.idleMinutes = 15 },
        GoodValue("lock.on_screen_lock = false") { $0.lock.onScreenLock = false },
        GoodValue("lock.on_sleep = false") { $0.lock.onSleep = false },
        GoodValue("approval.timeout = 1") { $0.approval.limits.timeout = .seconds(1) },
        GoodValue("approval.notifier = false") { $0.approval.notifier = false },
        GoodValue("approval.retry_seconds = 0") { $0.approval.limits.retry = .zero },
        GoodValue("approval.quiet_seconds = 5") { $0.approval.limits.quiet = .seconds(5) },
        GoodValue("approval.dismiss = \"deny\"") { $0.approval.dismissal = .deny },
        GoodValue("approval.confirm_with = \"\"") { _ in },
        GoodValue("approval.confirm_with = \"pinentry\"") { $0.approval.confirmation = .pinentry },
        GoodValue("approval.confirm_with = \"pinentry\"\napproval.confirm_kinds = []") {
            $0.approval.confirmation = .pinentry
        },
        GoodValue("approval.confirm_with = \"\"\napproval.confirm_kinds = [\"save\"]") {
            $0.approval.confirmedKinds = [.save]
        },
        GoodValue("approval.confirm_with = \"pinentry\"\napproval.confirm_kinds = [\"save\", \"overwrite\"]")
        {
            $0.approval.confirmation = .pinentry
            $0.approval.confirmedKinds = [.save, .overwrite]
        },
        GoodValue("notify.deliveries = false") { $0.notify.deliveries = false },
        GoodValue("keyring.collection = \"work\"") { $0.keyring.collection = "work" },
    ])
    func `a key sets its value and nothing else`(good: GoodValue) throws {
        var expected = Configuration()
        good.change(&expected)
        #expect(try parse(good.toml) == expected)
    }

    @Test(arguments: [
        GoodValue("match.best_only = true") { $0.policy.match.bestOnly = true },
        GoodValue("match.schemes = true") { $0.policy.match.schemes = true },
        GoodValue("match.hide_expired = true") { $0.policy.match.hideExpired = true },
        GoodValue("match.sort_by = \"title\"") { $0.policy.match.sortBy = .title },
        GoodValue("generate.length = 4") { $0.policy.recipe.length = 4 },
        GoodValue("generate.classes = [\"digits\"]") { $0.policy.recipe.classes = [.digits] },
        GoodValue("access.ask = \"never\"") { $0.policy.standard.access = .never },
        GoodValue("access.ask = \"granted\"") { $0.policy.standard.access = .granted },
        GoodValue("audit.required = false") { $0.audit.isRequired = false },
        GoodValue("access.ask = \"always\"") { $0.policy.standard.access = .always },
        GoodValue("access.ask_bulk = \"never\"") { $0.policy.standard.bulkAccess = .never },
        GoodValue("save.ask = \"never\"") {
            $0.policy.standard.saving = .never
            $0.policy.standard.isSavingWritten = true
        },
        GoodValue("save.group = \"Web\"") { $0.policy.standard.saveGroup = "Web" },
        GoodValue("fields.return = true") { $0.policy.standard.returnsFields = true },
        GoodValue("fields.only_kph = false") { $0.policy.standard.onlyKPHFields = false },
        GoodValue("protocol.version = \"1.8.4.2\"") { $0.policy.standard.version = "1.8.4.2" },
        GoodValue("protocol.passwords_in_get_all_logins = true") {
            $0.policy.standard.passwordsInGetAllLogins = true
        },
        GoodValue("protocol.groups = false") { $0.policy.standard.groups = false },
    ])
    func `a key of the policy sets its value and nothing else`(good: GoodValue) throws {
        var expected = Configuration()
        good.change(&expected)
        #expect(try parse(good.toml) == expected)
    }

    @Test func `a kdbx vault has all its keys`() throws {
        let text = """
            [[vault]]
            kind = "kdbx"
            name = "home"
            path = "~/Passwords.kdbx"
            key_file = "~/key"
            password_command = ["pass", "show", "keepass"]
            remember_password = true
            """
        var vault = VaultSettings(kind: .kdbx, name: "home", path: "/home/ann/Passwords.kdbx")
        vault.keyFile = "/home/ann/key"
        vault.passwordCommand = ["pass", "show", "keepass"]
        vault.remembersPassword = true
        #expect(try parse(text).vaults == [vault])
    }

    @Test func `a keyring serves what other programs keep in it where they are named`() throws {
        var vault = VaultSettings.keyring
        #expect(vault.origins.isEmpty)
        vault.origins = [.epiphany, .git, .network, .keepassxc]
        let text = "[[vault]]\nitems = [\"epiphany\", \"git\", \"network\", \"keepassxc\"]"
        #expect(try parse(text).vaults == [vault])
    }

    @Test(arguments: [VaultSettings.Password.none, .empty])
    func `a kdbx vault may have no password, or an empty one`(password: VaultSettings.Password) throws {
        let text = """
            [[vault]]
            kind = "kdbx"
            name = "home"
            path = "/p.kdbx"
            key_file = "/key"
            password = "\(password.rawValue)"
            """
        var vault = VaultSettings(kind: .kdbx, name: "home", path: "/p.kdbx")
        vault.keyFile = "/key"
        vault.password = password
        #expect(try parse(text).vaults == [vault])
    }

    @Test func `a program in the home folder, and files that it is given, may be named by it`() throws {
        let text = """
            [[vault]]
            kind = "kdbx"
            path = "/p.kdbx"
            password_command = ["~/bin/secret", "~/x", "a~/x"]
            """
        #expect(
            try parse(text).vaults.first?.passwordCommand == ["/home/ann/bin/secret", "/home/ann/x", "a~/x"]
        )
    }

    @Test func `an argument of a password_command may be empty`() throws {
        let text = """
            [[vault]]
            kind = "kdbx"
            path = "/p.kdbx"
            password_command = ["printf", ""]
            """
        #expect(try parse(text).vaults.first?.passwordCommand == ["printf", ""])
    }

    @Test func `a vault without a name is called after its file or the keyring`() throws {
        let text = """
            [[vault]]
            kind = "kdbx"
            path = "/srv/Team.kdbx"
            [[vault]]
            """
        #expect(try parse(text).vaults.map(\.name) == ["Team", "keyring"])
    }
}
