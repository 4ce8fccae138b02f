// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import KDBX
import Linux
import Logging
import SecureMemory
import Synchronization
import TestSupport
import Vault
import VaultStores

/// A vault over a KDBX file in a folder of its own, cheap to open.
struct KDBXFixture {
    static let then: Int64 = 1_700_000_000
    static let layout = Layout(keyDerivation: .aes(rounds: 10))
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
    let folder: TemporaryFolder
    let path: String
    let passwords: ScriptedPasswords
    let clock = Observed<Int64>(then + 1000)
    let store: KDBXStore

    /// A vault that lies where `place` says, locked; `change` sees its database before it is written.
    init(
        _ layout: Layout = layout,
        password: String? = "demopass",
        keyFile: [UInt8]? = nil,
        place: String = "vault.kdbx",
        change: (inout Database) throws -> Void = { _ in },
        timeout: Duration = .seconds(120),
        retryPause: Duration = .seconds(1),
        isWatched: Bool = true,
        reached: @escaping @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        path = folder.path(place)
        passwords = ScriptedPasswords([password ?? ""])
        var database = try Self.database(layout)
        try change(&database)
        let key = try CompositeKey(password: password.map { SecretBytes(utf8: $0) }, keyFile: keyFile)
        try Self.write(database, to: path, key)
        if let keyFile { try Data(keyFile).write(to: URL(filePath: folder.path("key"))) }
        store = Self.store(
            path,
            keyFile: keyFile == nil ? nil : folder.path("key"),
            passwords,
            folder.path("state"),
            clock,
            timeout: timeout,
            retryPause: retryPause,
            isWatched: isWatched,
            reached: reached
        )
    }

    /// The same vault after a restart of the daemon.
    func restarted(
        path: String? = nil,
        passwords: ScriptedPasswords? = nil,
        keyFile: String? = nil,
        timeout: Duration = .seconds(10),
        makeDeriver: @escaping @Sendable () -> any KeyDeriver = { DirectDeriver() }
    ) -> KDBXStore {
        Self.store(
            path ?? self.path,
            keyFile: keyFile,
            passwords ?? self.passwords,
            state,
            clock,
            stateTimeout: timeout,
            makeDeriver: makeDeriver
        )
    }

    static func store(
        _ path: String,
        keyFile: String? = nil,
        _ passwords: ScriptedPasswords,
        _ state: String,
        _ clock: Observed<Int64>,
        timeout: Duration = .seconds(120),
        retryPause: Duration = .seconds(1),
        isWatched: Bool = true,
        stateTimeout: Duration = .seconds(10),
        logger: Logger = quiet,
        reached: @escaping @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void = { _ in },
        makeDeriver: @escaping @Sendable () -> any KeyDeriver = { DirectDeriver() }
    ) -> KDBXStore {
        KDBXStore(
            name: "test",
            path: path,
            keyFile: keyFile,
            passwords: passwords,
            makeDeriver: makeDeriver,
            state: state,
            logger: logger,
            now: { clock.now },
            timeout: timeout,
            stateTimeout: stateTimeout,
            lookTimeout: .seconds(60),
            retryPause: retryPause,
            tellsChanges: { _ in isWatched },
            reached: reached
        )
    }

    /// Two logins, one of them in a group.
    static func database(_ layout: Layout = layout) throws -> Database {
        let now = Timestamp(unix: then)
        var database = Database(new: "Vault", layout, at: now)
        guard let root = database.root.id else { throw KDBXError.notFound }
        let group = try database.addGroup("Internet", to: root, at: now)
        _ = try database.addEntry(
            to: group,
            [
                FieldChange("Title", "Example"), FieldChange("UserName", "someone"),
                FieldChange("Password", "secret-1"), FieldChange("URL", "https://example.com/login"),
                FieldChange("PIN", SecretBytes(utf8: "1234"), isProtected: true),
            ],
            at: now
        )
        _ = try database.addEntry(
            to: root,
            [FieldChange("Title", "Other"), FieldChange("URL", "https://other.example")],
            at: now
        )
        return database
    }

    static func write(_ database: Database, to path: String, _ key: CompositeKey? = nil) throws {
        let key = try key ?? CompositeKey(password: SecretBytes(utf8: "demopass"))
        // As most programs do it: a new file in the old one's place.
        try Data(database.written(key: key).file).write(to: URL(filePath: path), options: .atomic)
    }

    /// What is in the file now.
    func read(_ password: String = "demopass") throws -> Database {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        return try Database(reading: bytes, key: CompositeKey(password: SecretBytes(utf8: password)))
    }

    /// Changes the file as another program would.
    func editOutside(_ change: (inout Database) throws -> Void) throws {
        var database = try read()
        try change(&database)
        try Self.write(database, to: path)
    }

    /// The state folder.
    var state: String { folder.path("state") }

    /// Removes what is in the state folder of what was saved.
    func removeKept() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: state)
        where name.contains(".keybell-saved") {
            try FileManager.default.removeItem(atPath: "\(state)/\(name)")
        }
    }

    /// The names in the vault's folder.
    var names: Set<String> {
        get throws { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }
    }

    func bytes(_ name: String = "vault.kdbx") throws -> Data {
        try Data(contentsOf: URL(filePath: folder.path(name)))
    }

    /// Waits until the vault says that its file can't be read as it is now, or that it can.
    func waitForTrouble(_ isThere: Bool) async throws -> String? {
        let changes = store.changes()
        return try await withDeadline(.seconds(20)) {
            while true {
                let trouble = await store.status().trouble
                if (trouble != nil) == isThere { return trouble }
                var news = changes.makeAsyncIterator()
                guard await news.next() != nil else { throw TimedOut(description: "the file's trouble") }
            }
        }
    }

    /// Waits until the vault shows what `look` wants.
    func waitForChange<Value: Sendable>(
        _ store: KDBXStore,
        _ what: String,
        _ look: @escaping @Sendable (LoginIndex) -> Value?
    ) async throws -> Value {
        let changes = store.changes()
        if let value = look(try await store.index()) { return value }
        return try await withDeadline(.seconds(20)) {
            for await _ in changes {
                if let value = look(try await store.index()) { return value }
            }
            throw TimedOut(description: what)
        }
    }
}

/// Answers with one password after the other, then declines.
final class ScriptedPasswords: VaultPasswords {
    private let state: Mutex<(left: [String], asked: [Int], opened: Int)>
    /// What the person knows of former passwords: each is given once.
    let former = Observed<[String]>([])

    init(_ passwords: [String]) {
        state = Mutex((passwords, [], 0))
    }

    /// Which attempts there were.
    var asked: [Int] { state.withLock { $0.asked } }
    /// How often a password was right.
    var opened: Int { state.withLock { $0.opened } }

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        let text = state.withLock { state -> String? in
            state.asked.append(attempt)
            // The last one is remembered, as a keyring would.
            return state.left.count > 1 ? state.left.removeFirst() : state.left.first
        }
        guard let text, attempt < 10 else { throw .locked }
        return SecretBytes(utf8: text)
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? {
        var text: String?
        former.update { text = $0.isEmpty ? nil : $0.removeFirst() }
        return text.map { SecretBytes(utf8: $0) }
    }

    /// Is given these from now on.
    func next(_ passwords: [String]) {
        state.withLock { $0.left = passwords }
    }

    func opened(with password: SecretBytes?) async {
        state.withLock { $0.opened += 1 }
    }
}

extension LoginIndex {
    func only(_ title: String) -> Login? { titled(title).first }
}
