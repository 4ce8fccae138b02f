// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
import LoginExport
import SecureMemory
import Testing
import Vault

@testable import LoginImport

@Suite(.timeLimit(.minutes(3)))
struct VaultImportTests {
    private static func login(
        _ url: String,
        _ username: String,
        _ password: String,
        _ change: (inout ExportedLogin) -> Void = { _ in }
    ) -> ExportedLogin {
        var login = ExportedLogin()
        (login.urls, login.username) = (url.isEmpty ? [] : [url], username)
        login.password = SecretBytes(utf8: password)
        change(&login)
        return login
    }

    /// Imports logins as the command line sends them, each in turn.
    private static func run(
        _ logins: [ExportedLogin],
        into vault: ListedVault,
        isDryRun: Bool = false,
        end: [UInt8] = ExportedLogin.endOfTransfer
    ) async throws -> ImportResult {
        let (own, other) = try ByteStream.pair()
        let writing = TaskQueue(label: "writing")
        let sent = Task(executorPreference: writing) {
            for login in logins {
                // What isn't taken any more is told by the import.
                if let bytes = try? login.transferred() { try? own.write(bytes, within: .seconds(60)) }
            }
            // Nor what comes at the end.
            try? own.write(end, within: .seconds(60))
            own.end()
        }
        let stream = try ByteStream(duplicating: other.number)
        let outcome = await Result { () async throws(ImportFailure) in
            try await VaultImport.run(stream, into: vault, isDryRun: isDryRun)
        }
        stream.end()
        await sent.value
        return try outcome.get()
    }

    @Test func `what is new is added as one save, what is there is told, and what differs stays`()
        async throws
    {
        let vault = ListedVault()
        let first = [
            Self.login("https://a.example/login", "u", "p"), Self.login("https://b.example", "u", "p"),
            Self.login("https://b.example", "v", "p"), Self.login("", "u", "p") { $0.title = "Wi-Fi" },
        ]
        #expect(try await Self.run(first, into: vault, isDryRun: true).outcomes == [.new, .new, .new, .new])
        #expect(await vault.saves == 0)
        #expect(try await Self.run(first, into: vault).outcomes == [.new, .new, .new, .new])
        #expect(await vault.saves == 1)
        let second = [
            // Another page of the same site, another password, another port, without a scheme, another title.
            Self.login("https://a.example/", "u", "p"), Self.login("https://b.example", "u", "other"),
            Self.login("https://b.example:8443", "v", "p"), Self.login("b.example", "v", "p"),
            Self.login("", "u", "p") { $0.title = "wi-fi" },
        ]
        let result = try await Self.run(second, into: vault)
        #expect(result.outcomes == [.same, .different, .new, .same, .new])
        #expect(await vault.logins.count == 6)
        let kept = await vault.logins[1].secrets.password
        #expect(kept == SecretBytes(utf8: "p"))
        #expect(try await Self.run(second, into: vault).outcomes == [.same, .different, .same, .same, .same])
        #expect(await vault.saves == 2)
    }

    @Test func `less than all that a row brings isn't the same`() async throws {
        let vault = ListedVault()
        func full(_ change: (inout ExportedLogin) -> Void = { _ in }) -> ExportedLogin {
            Self.login("https://a.example", "u", "p") {
                $0.notes = SecretBytes(utf8: "n")
                $0.otp = SecretBytes(utf8: "otpauth://totp/x?secret=GEZDGNBV")
                $0.urls.append("https://alt.example")
                $0.fields = [("PIN", SecretBytes(utf8: "1")), ("PIN", SecretBytes(utf8: "2"))]
                change(&$0)
            }
        }
        #expect(try await Self.run([full()], into: vault).outcomes == [.new])
        let stored = await vault.logins[0].secrets.fields.keys.sorted()
        #expect(stored == ["KP2A_URL", "Notes", "PIN", "PIN 2", "otp"])
        let result = try await Self.run(
            [
                full(), Self.login("https://a.example", "u", "p"),
                Self.login("https://alt.example", "u", "p"),
                full { $0.notes = SecretBytes(utf8: "other") }, full { $0.otp = SecretBytes(utf8: "other") },
                full { $0.urls.append("https://third.example") },
                full { $0.fields.append(("Q", SecretBytes(utf8: "1"))) },
                full { $0.realm = "Router" },
            ],
            into: vault
        )
        #expect(
            result.outcomes == [.same, .same, .same, .different, .different, .different, .different, .new]
        )
    }

    @Test func `two rows of one user at one site come in together, the same one once`() async throws {
        let vault = ListedVault()
        let rows = ["p", "q", "p"].map { Self.login("https://a.example", "u", $0) }
        #expect(try await Self.run(rows, into: vault).outcomes == [.new, .new, .same])
        #expect(try await Self.run(rows, into: vault).outcomes == [.same, .same, .same])
    }

    @Test func `what no client could save is left out with the reason, and the rest comes in`() async throws {
        let vault = ListedVault()
        let result = try await Self.run(
            [
                Self.login("https://a.example", "{REF:U@T:bank}", "p"),
                Self.login("javascript:alert(1)//", "u", "p"),
                Self.login("https://a.example", "u", "a\u{7}b"), Self.login("https://a.example", "u", "p"),
            ],
            into: vault
        )
        #expect(result.outcomes == [.refused, .refused, .refused, .new])
        #expect(
            result.refusals == [
                0: LoginDraft.placeholderRefusal, 1: LoginDraft.addressRefusal,
                2: LoginDraft.unstorableRefusal,
            ]
        )
    }

    @Test func `nothing comes in of what is cut off, no import, or into a vault that is locked or fails`()
        async throws
    {
        let vault = ListedVault()
        let rows = [Self.login("https://a.example", "u", "p")]
        await #expect(throws: ImportFailure.broken("They ended in the middle.")) {
            try await Self.run(rows, into: vault, end: [])
        }
        await #expect(throws: ImportFailure.broken("A login has a member that isn't known, or one twice.")) {
            try await Self.run(rows, into: vault, end: Array("colour\0red\0\0\0".utf8))
        }
        for failure in [
            AddingFailure(.failed("full"), added: [0: .random()]),
            AddingFailure(.unavailable("slow"), isUndecided: true),
        ] {
            await vault.fail(with: failure)
            await #expect(throws: ImportFailure.storing(failure, of: 1)) {
                try await Self.run(rows, into: vault)
            }
        }
        await vault.lock()
        await #expect(throws: ImportFailure.vault(.locked)) { try await Self.run(rows, into: vault) }
        #expect(await vault.saves == 0)
    }

    @Test func `a dry run says of what is there only that it is, and looks at no secret`() async throws {
        let vault = ListedVault()
        _ = try await Self.run([Self.login("https://a.example", "u", "p")], into: vault)
        let guesses = ["p", "q"].map { Self.login("https://a.example", "u", $0) }
        let others = ["u", "u"].map { Self.login("https://b.example", $0, "p") }
        let result = try await Self.run(guesses + others, into: vault, isDryRun: true)
        #expect(result.outcomes == [.there, .there, .new, .same])
        #expect(result.comparedCount == 4)
        #expect(await vault.opened == 0)
    }

    @Test func `neither a pipe nor a file is a stream, and reading leaves its owner's end as it is`() throws {
        var ends: [Int32] = [-1, -1]
        #expect(unsafe pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(throws: SystemCallError.self) { try ByteStream(duplicating: ends[0]) }
        #expect(throws: SystemCallError.self) { try ByteStream(duplicating: 0x7FFF) }
        let (own, other) = try ByteStream.pair()
        try own.write([65], within: .seconds(10))
        var buffer: [UInt8] = [0]
        #expect(try ByteStream(duplicating: other.number).read(into: &buffer, within: .seconds(10)) == 1)
        #expect(fcntl(other.number, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test
    func `more logins than a vault takes at once are refused, and many of one user cost no more than others`()
        async throws
    {
        let vault = ListedVault()
        let many = (0..<3000).map { Self.login("https://a.example", "u", "p\($0)") }
        let outcomes = try await Self.run(many, into: vault).outcomes
        #expect(outcomes.allSatisfy { $0 == .new })
        _ = try await Self.run(many, into: vault)
        #expect(await vault.opened <= 64)
        let one = try Self.login("", "u", "p").transferred()
        var flood: [UInt8] = []
        for _ in 0...50_000 { flood += one }
        await #expect(throws: ImportFailure.tooMany) { try await Self.run([], into: vault, end: flood) }
    }
}
