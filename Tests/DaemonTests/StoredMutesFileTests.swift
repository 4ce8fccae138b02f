// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import TestSupport
import Testing

@testable import Approval
@testable import Daemon

/// Mutes that can't be written.
struct StoredMutesFileTests {
    private static let mute = StoredMute(
        code: "2222",
        until: 2_000_000_000,
        programs: [StoredMute.Muted(name: "/usr/bin/git", vouchedIDs: ["/usr/bin/git"], script: nil)],
        kind: "release",
        client: nil,
        host: nil,
        vaults: [],
        isBulk: false,
        requestType: nil,
        asked: 1,
        denied: 1,
        unseen: 0
    )

    @Test func `a mute that can't be written is told once, and written when that works`() async throws {
        let folder = try TemporaryFolder()
        // A file where the folder should be: nobody can write in it, root included.
        let blocked = try folder.write("state", "")
        let (log, file) = (CollectedLog(), StoredMutes.file(in: blocked))
        let keeper = StoredMutesFile(file: file, pause: .milliseconds(1), logger: log.logger)
        keeper.keep([])
        #expect(try await log.next()?.hasPrefix("what is muted can't be kept") == true)
        keeper.keep([Self.mute])
        #expect(await !keeper.isKept())
        #expect(await !keeper.isKept(Self.mute.code))
        try FileManager.default.removeItem(atPath: blocked)
        #expect(try await log.next() == "mutes are kept again")
        // The last that was to be kept, whichever was tried first.
        await BlockingWork.state {}
        #expect(await keeper.kept() == [Self.mute])
        #expect(log.messages.count == 2)
    }

    @Test func `a mute that is longer than the file may be costs no other one its place`() async throws {
        let folder = try TemporaryFolder()
        let log = CollectedLog()
        let keeper = StoredMutesFile(file: StoredMutes.file(in: folder.path("state")), logger: log.logger)
        var long = Self.mute
        long.code = "3333"
        long.programs[0].script = String(repeating: "x", count: 2 << 20)
        keeper.keep([long, Self.mute])
        #expect(try await log.next()?.hasPrefix("there is no room in mutes.json") == true)
        #expect(await keeper.isKept())
        #expect(await keeper.isKept(Self.mute.code))
        #expect(await !keeper.isKept(long.code))
        #expect(await keeper.kept() == [Self.mute])
        // As many as fit of those that would each.
        let many = (0..<40).map { number in
            var mute = Self.mute
            mute.unseen = number
            mute.programs[0].script = String(repeating: "x", count: 50_000)
            return mute
        }
        keeper.keep(many + [Self.mute])
        _ = try await log.next()
        let kept = await keeper.kept()
        #expect(kept.count > 15 && kept.last == Self.mute)
    }
}
