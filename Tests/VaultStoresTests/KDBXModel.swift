// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import Glibc
import Linux
import SecureMemory
import TestSupport
import Testing
import Vault
import XMLTree

@testable import KDBX
@testable import VaultStores

/// A vault, what others do to its file, and what has to be found in the end.
struct KDBXModel {
    /// What was saved: a login of its own each time, or another password of one.
    private struct Save: Hashable, CustomStringConvertible {
        let title: String
        let password: String
        var description: String { "\(title)/\(password)" }
    }

    private static let passwords = ["demopass", "one", "two"]

    private let seed: UInt64
    private var random: SeededGenerator
    /// Whether other programs remove former states, and say how many there may be.
    private let removesHistory: Bool
    private let fixture: KDBXFixture
    private let isReadOnly = Observed(false)
    private var store: KDBXStore
    /// What has to be in the file, or kept.
    private var due: Set<Save> = []
    /// What was saved while the state folder took nothing: until the next lock the file alone has it.
    private var unduplicated: Set<Save> = []
    /// Former states of the file.
    private var former: [Data]
    private var number = 0
    private var isStateAway = false
    /// Whether no key can be derived now.
    private let isFailing = Observed(false)
    /// What was done, for whoever looks for a fault.
    private var story: [String] = []

    init(seed: UInt64, removesHistory: Bool = false) throws {
        (self.seed, self.removesHistory) = (seed, removesHistory)
        random = SeededGenerator(seed: seed)
        fixture = try KDBXFixture(retryPause: .milliseconds(1))
        former = [try fixture.bytes()]
        store = fixture.store
        store = make()
    }

    private func make() -> KDBXStore {
        KDBXFixture.store(
            fixture.path,
            fixture.passwords,
            fixture.state,
            fixture.clock,
            retryPause: .milliseconds(1),
            reached: { [isReadOnly] (_) throws(SystemCallError) in
                if isReadOnly.now { throw SystemCallError(call: "write", code: ENOSPC) }
            },
            makeDeriver: { [isFailing] in HeldDeriver(DeriverHolder(), isFailing) }
        )
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 1...100, using: &random) <= percent
    }

    // MARK: - Steps

    mutating func step() async throws {
        // Each change has a second of its own, Keybell's an even one: of what can't be opened only times can be compared.
        fixture.clock.update { $0 += 2 }
        if removesHistory, chance(10) { return chance(80) ? try purge() : try limit() }
        switch Int.random(in: 1...100, using: &random) {
        case ...30: try await save()
        case ...40: try stale()
        case ...48: try edit()
        case ...54: try rekey()
        case ...57: try swap()
        case ...62: try damage()
        case ...67: toggle()
        case ...69: try await toggleState()
        case ...71: toggleKeys()
        case ...75: await look()
        case ...82: try await lock(thenUnlocks: chance(50))
        case ...94: await unlock()
        case ...96: try await saveAcrossLock()
        case ...98: try await kill()
        default: try await restart()
        }
    }

    private func draft(_ save: Save, of id: LoginID?) -> LoginDraft {
        LoginDraft(
            id: id,
            password: SecretBytes(utf8: save.password),
            url: "https://\(save.title).example/",
            title: save.title
        )
    }

    private mutating func nextDraft() async -> (Save, LoginDraft) {
        number += 1
        // Whether it is open or not.
        let index = try? await store.index()
        if chance(30), let known = due.sorted(by: { $0.title < $1.title }).randomElement(using: &random),
            let login = index?.only(known.title)
        {
            let save = Save(title: known.title, password: "p\(number)")
            return (save, LoginDraft(id: login.id, password: SecretBytes(utf8: save.password)))
        }
        let save = Save(title: "s\(number)", password: "p\(number)")
        return (save, draft(save, of: nil))
    }

    private mutating func save() async throws {
        let (save, draft) = await nextDraft()
        // One that isn't acknowledged may be anywhere.
        guard (try? await store.save(draft)) != nil else { return story.append("no save of \(save)") }
        story.append("save \(save)")
        try insert(save)
        former.append(try fixture.bytes())
    }

    private mutating func insert(_ save: Save) throws {
        if let most = opened(try fixture.bytes())?.database.meta("HistoryMaxItems"), most == "0" {
            due = due.filter { $0.title != save.title }
        }
        due.insert(save)
        if isStateAway { unduplicated.insert(save) }
    }

    private mutating func write(_ data: Data) throws {
        try data.write(to: URL(filePath: fixture.path), options: .atomic)
    }

    private mutating func stale() throws {
        let index = Int.random(in: 0..<former.count, using: &random)
        story.append("stale \(index) of \(former.count)")
        try write(former[index])
    }

    /// The file and its password, if it is a database.
    private func opened(_ data: Data) -> (database: Database, password: String)? {
        for password in Self.passwords {
            // Another one is the right one, or none is.
            guard let key = try? CompositeKey(password: SecretBytes(utf8: password)),
                let database = try? Database(reading: Array(data), key: key)
            else { continue }
            return (database, password)
        }
        return nil
    }

    private mutating func put(_ database: Database, _ password: String) throws {
        let key = try CompositeKey(password: SecretBytes(utf8: password))
        try KDBXFixture.write(database, to: fixture.path, key)
        former.append(try fixture.bytes())
    }

    private mutating func edit() throws {
        guard let (before, password) = opened(try fixture.bytes()) else { return }
        var database = before
        story.append("edit")
        number += 1
        let root = try #require(database.root.id)
        let now = Timestamp(unix: fixture.clock.now + 1)
        _ = try database.addEntry(to: root, [FieldChange("Title", "theirs\(number)")], at: now)
        let ours = database.entries.filter {
            $0.text("Title")?.hasPrefix("s") == true && $0.history.count < 3
        }
        if let id = ours.randomElement(using: &random)?.id {
            try database.change(id, [FieldChange("Password", "theirs\(number)")], at: now)
        }
        try put(database, password)
    }

    /// What another program removes on purpose isn't due any more, though it may come back.
    private mutating func purge() throws {
        guard let (before, password) = opened(try fixture.bytes()) else { return }
        let long = before.entries.filter { !$0.history.isEmpty }
        guard let entry = long.randomElement(using: &random),
            let id = entry.id, let title = entry.text("Title")
        else { return }
        story.append("purge \(title)")
        let gone = entry.history.map { Save(title: title, password: $0.text("Password") ?? "") }
        due.subtract(gone.filter { $0.password != entry.text("Password") })
        var database = before
        if let place = database.entryPlaces[id],
            let history = database.document.child(of: place, named: "History")
        {
            database.document.remove(history)
        }
        try put(database, password)
    }

    /// A save leaves no former state of its entry then, as the vault's settings want it.
    private mutating func limit() throws {
        guard let (before, password) = opened(try fixture.bytes()), let meta = before.meta else { return }
        var database = before
        let most = chance(50) ? "0" : "10"
        story.append("history \(most)")
        database.document.setText(of: meta, child: "HistoryMaxItems", to: most)
        try put(database, password)
    }

    private mutating func rekey() throws {
        guard let (database, _) = opened(try fixture.bytes()) else { return }
        let password = Self.passwords[Int.random(in: 0..<Self.passwords.count, using: &random)]
        story.append("key \(password)")
        try put(database, password)
    }

    private mutating func swap() throws {
        story.append("another database")
        try put(try KDBXFixture.database(), Self.passwords[Int.random(in: 0..<3, using: &random)])
    }

    private mutating func damage() throws {
        story.append("damage")
        try write(Data("damaged".utf8))
    }

    private mutating func toggle() {
        isReadOnly.update { $0.toggle() }
        story.append("read-only \(isReadOnly.now)")
    }

    private mutating func toggleState() async throws {
        story.append("state away \(!isStateAway)")
        let (state, away) = (fixture.state, fixture.state + ".away")
        if isStateAway {
            try FileManager.default.removeItem(atPath: state)
            try FileManager.default.moveItem(atPath: away, toPath: state)
            isStateAway = false
            await store.lookAtKept()
        } else if FileManager.default.fileExists(atPath: state) {
            // What may be written there now is there.
            await store.fileTasks.isDone()
            try FileManager.default.moveItem(atPath: state, toPath: away)
            try Data().write(to: URL(filePath: state))
            isStateAway = true
        }
    }

    private mutating func toggleKeys() {
        isFailing.update { $0.toggle() }
        story.append("no keys \(isFailing.now)")
    }

    private mutating func look() async {
        story.append("look")
        await store.fileChanged()
    }

    private mutating func unlock() async {
        var passwords = Self.passwords.shuffled(using: &random)
        if chance(20) { passwords.removeFirst() }
        fixture.passwords.next(passwords)
        // Whether it can be opened depends on what is there.
        let isOpen = (try? await store.unlock(for: UnlockReason())) != nil
        story.append("unlock \(isOpen) \(passwords)")
    }

    private mutating func lock(thenUnlocks: Bool) async throws {
        story.append("lock")
        await store.lock()
        if thenUnlocks { await unlock() }
        try await settle()
    }

    private mutating func saveAcrossLock() async throws {
        let (save, draft) = await nextDraft()
        let store = store
        let saving = Task { try await store.save(draft) }
        await Task.yield()
        await store.lock()
        if chance(50) { await unlock() }
        let isSaved = (try? await saving.value) != nil  // it may have come too late
        story.append("save \(save) across a lock: \(isSaved)")
        if isSaved { try insert(save) }
        try await settle()
    }

    private mutating func restart() async throws {
        if isStateAway { try await toggleState() }
        story.append("restart")
        await store.finish()
        store = make()
        try await settle()
    }

    /// The daemon ends without another word.
    private mutating func kill() async throws {
        if isStateAway { try await toggleState() }
        await store.fileTasks.isDone()
        // What is in memory alone is lost then.
        await store.lookAtKept()
        if await store.keptSaves.isAnyInMemory { return }
        due.subtract(unduplicated.subtracting(try found().kept))
        try await settle()
        story.append("kill")
        await store.vanish()
        store = make()
    }

    // MARK: - What is found

    /// A lock is over: whatever is written into the file from now on, what was saved is kept.
    private mutating func settle() async throws {
        await store.fileTasks.isDone()
        if isStateAway {
            // What the file alone has may be overwritten.
            let (file, kept) = try found()
            return due.subtract(file.subtracting(kept))
        }
        await store.lookAtKept()
        unduplicated = []
        expect(due.subtracting(try found().kept), "is nowhere")
    }

    private func expect(_ missing: Set<Save>, _ what: String) {
        #expect(
            missing.isEmpty,
            "seed \(seed): \(missing) \(what) after\n\(story.joined(separator: "\n"))"
        )
    }

    private func found() throws -> (file: Set<Save>, kept: Set<Save>) {
        var kept: Set<Save> = []
        for state in [fixture.state, fixture.state + ".away"] {
            kept.formUnion(try saves(in: state, of: nil))
        }
        return (saves(try fixture.bytes(), of: nil), kept)
    }

    /// What is kept in a folder, in all files or these.
    private func saves(in state: String, of wanted: Set<String>?) throws -> Set<Save> {
        let place = KDBXKeptFiles(vault: fixture.path, state: state)
        var all: Set<Save> = []
        for path in place.found() where wanted?.contains(path) ?? true {
            // The rest of that state is not what it is kept for.
            all.formUnion(
                saves(try Data(contentsOf: URL(filePath: path)), of: place.copy(path).saves.entries)
            )
        }
        return all
    }

    private func saves(_ data: Data, of wanted: Set<Identifier>?) -> Set<Save> {
        guard let (database, _) = opened(data) else { return [] }
        var saves: Set<Save> = []
        for entry in database.entries where wanted.map({ entry.id.map($0.contains) ?? false }) ?? true {
            for state in [entry] + entry.history {
                saves.insert(
                    Save(title: state.text("Title") ?? "", password: state.text("Password") ?? "")
                )
            }
        }
        return saves
    }

    mutating func end() async throws {
        if isStateAway { try await toggleState() }
        if isFailing.now { toggleKeys() }
        await store.finish()
        try await settle()
        fixture.passwords.next(Self.passwords.shuffled(using: &random))
        // What is there may be no database.
        guard (try? await store.unlock(for: UnlockReason())) != nil else { return }
        await store.savesAreDone()
        await store.lookAtKept()
        let listed = try saves(in: fixture.state, of: Set(await store.status().kept))
        expect(due.subtracting(try found().file).subtracting(listed), "is missing, and nothing said")
    }
}

extension KDBXStore {
    /// What was to follow doesn't, as when its process is killed.
    fileprivate func vanish() {
        era += 1
        opened = nil
    }
}
