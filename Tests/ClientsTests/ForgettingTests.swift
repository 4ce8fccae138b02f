// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import SecretService
import TestSupport
import Testing

@testable import Clients

/// What keys and grants have in common once they are forgotten.
@Suite(.timeLimit(.minutes(1))) struct ForgettingTests {
    struct Names: ForgottenItems {
        struct Record: ForgottenRecord {
            static let fileName = "names.json"
            static let currentFormat = 1
            static let withoutReading = "Nothing counts"
            static let withoutFile = "everything counts"

            var format = Self.currentFormat
            var names: [String] = []
        }

        var names: Set<String> = []
        var isEmpty: Bool { names.isEmpty }
        var record: Record { Record(names: names.sorted()) }

        mutating func add(_ former: Record) { names.formUnion(former.names) }
    }

    /// Forgets names, and can delete them from the time on at which it is said to.
    actor Forgetter: ForgettingActor {
        let forgetting: Forgetting<Names>
        let tries = Observed(0)
        private var worksAtTry: Int

        init(_ folder: String?, worksAtTry: Int = .max) {
            self.worksAtTry = worksAtTry
            forgetting = Forgetting(
                folder: folder,
                retries: [.milliseconds(1)],
                pause: .milliseconds(1),
                logger: quiet
            )
        }

        var names: Set<String> { forgetting.items.names }
        var isKept: Bool { get async { await forgetting.isKept() } }
        var outlastsRestart: Bool { get async { await forgetting.outlastsRestart() } }

        func forget(_ name: String) { forgetting.change { $0.names.insert(name) } }
        func takeUp() async throws(KeyringError) { try await forgetting.takeUp() }
        func begin() { deleteForgotten() }

        func deleteAll() async {
            tries.update { $0 += 1 }
            if tries.now >= worksAtTry { forgetting.change { $0.names = [] } }
        }
    }

    private let folder: TemporaryFolder
    private var state: String { folder.path("state") }
    private var file: String { folder.path("state/names.json") }

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `what is forgotten is so for the next, who is told once`() async throws {
        let first = Forgetter(state)
        try await first.takeUp()
        await first.forget("a")
        #expect(await first.isKept)
        let next = Forgetter(state)
        try await next.takeUp()
        #expect(await next.names == ["a"])
        await first.forget("b")
        #expect(await first.isKept)
        try await next.takeUp()
        #expect(await next.names == ["a"])
    }

    @Test(arguments: [nil, "{", #"{"format": 2, "names": []}"#])
    func `nothing is written over what can't be read, and both count once it can be`(damage: String?)
        async throws
    {
        try folder.makeFolder("state")
        if let damage {
            try folder.write("state/names.json", damage)
        } else {
            try folder.makeFolder("state/names.json")
        }
        let forgetter = Forgetter(state)
        let error = await #expect(throws: KeyringError.self) { try await forgetter.takeUp() }
        #expect(error?.advice.contains(file) == true)
        #expect(
            ForgottenFile<Names.Record>.trouble(in: state)?.contains("everything counts")
                == (damage.map { _ in true } ?? false)
        )
        await forgetter.forget("a")
        #expect(await !forgetter.isKept)
        #expect(await !forgetter.outlastsRestart)
        try FileManager.default.removeItem(atPath: file)
        try folder.write("state/names.json", #"{"format": 1, "names": ["b"]}"#)
        try await forgetter.takeUp()
        #expect(await forgetter.names == ["a", "b"])
        #expect(await forgetter.isKept)
        let next = Forgetter(state)
        try await next.takeUp()
        #expect(await next.names == ["a", "b"])
    }

    @Test func `without a state folder it counts for this process alone`() async throws {
        let forgetter = Forgetter(nil)
        try await forgetter.takeUp()
        #expect(await forgetter.outlastsRestart, "nothing is forgotten")
        await forgetter.forget("a")
        #expect(await forgetter.isKept)
        #expect(await !forgetter.outlastsRestart)
    }

    @Test func `what couldn't be written is known not to be, and is once that works`() async throws {
        let forgetter = Forgetter(state)
        try await forgetter.takeUp()
        try folder.makeFolder("state")
        try folder.makeFolder("state/names.json")
        await forgetter.forget("a")
        #expect(await !forgetter.isKept)
        #expect(await !forgetter.outlastsRestart)
        try FileManager.default.removeItem(atPath: file)
        #expect(await forgetter.isKept)
        #expect(await forgetter.outlastsRestart)
    }

    @Test func `deleting is tried again by itself until it has worked, and then no more`() async throws {
        let forgetter = Forgetter(nil, worksAtTry: 5)
        await forgetter.begin()
        #expect(forgetter.tries.now == 0, "there is nothing to be deleted")
        await forgetter.forget("a")
        await forgetter.begin()
        try await forgetter.tries.wait(for: "the try that works") { $0 >= 5 ? () : nil }
        try await withDeadline(.seconds(20)) { while await !forgetter.names.isEmpty { await Task.yield() } }
        await forgetter.begin()
        #expect(forgetter.tries.now == 5)
    }
}
