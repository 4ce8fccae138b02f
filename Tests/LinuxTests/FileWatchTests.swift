// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Foundation
import Testing

@testable import ConcurrencyTools
@testable import Linux

/// Files that others write, and folders that are locked.
final class FileWatchTests {
    private let folder: String
    private let events = AsyncStream<Void>.makeStream()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "keybell-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder + "/links", withIntermediateDirectories: true)
        try write("file", "1")
    }

    deinit {
        // Left for the system to clear if somebody still writes there.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func write(_ name: String, _ text: String, atomically: Bool = false) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"), options: atomically ? .atomic : [])
    }

    private func watch(_ name: String) throws -> FileWatch {
        try FileWatch("\(folder)/\(name)", queue: DispatchQueue(label: "watch")) { [events] in
            events.continuation.yield()
        }
    }

    private func waitForNext() async throws {
        let stream = events.stream
        try await withDeadline(.seconds(20)) { for await _ in stream { return } }
    }

    @Test func `what is written, replaced, removed and made again is told`() async throws {
        let watch = try watch("file")
        let path = folder + "/file"
        try write("file", "2")
        try await waitForNext()
        try write("file", "3", atomically: true)
        try await waitForNext()
        try FileManager.default.removeItem(atPath: path)
        try await waitForNext()
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "other")
        try await waitForNext()
        withExtendedLifetime(watch) {}
    }

    @Test func `a link's target is watched where it lies, and other files are nobody's business`()
        async throws
    {
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/links/link",
            withDestinationPath: "../file"
        )
        let watch = try watch("links/link")
        try write("other", "x")
        try write("links/other", "x")
        try write("file", "2")
        try await waitForNext()
        // Events come in their order: those of the other files came before, and there is none left.
        events.continuation.finish()
        var left = 0
        for await _ in events.stream { left += 1 }
        #expect(left == 0)
        withExtendedLifetime(watch) {}
    }

    @Test func `a change of any link on the way is told`() async throws {
        let files = FileManager.default
        for name in ["a", "b", "c", "real"] {
            try files.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try write("real/vault", "1")
        // a/vault -> b/vault -> c/folder/vault, where c/folder is a link itself.
        try files.createSymbolicLink(atPath: folder + "/a/vault", withDestinationPath: "../b/vault")
        try files.createSymbolicLink(
            atPath: folder + "/b/vault",
            withDestinationPath: "\(folder)/c/folder/vault"
        )
        try files.createSymbolicLink(atPath: folder + "/c/folder", withDestinationPath: "../real")
        #expect(
            FilePlace.all(onTheWayTo: folder + "/a/vault").map(\.name).suffix(4) == [
                "vault", "vault", "folder", "vault",
            ]
        )
        for link in ["a/vault", "b/vault", "c/folder"] {
            let watch = try watch("a/vault")
            try files.removeItem(atPath: "\(folder)/\(link)")
            try await waitForNext()
            withExtendedLifetime(watch) {}
            // As whoever has heard of that does: it is told when the link is back.
            let next = try self.watch("a/vault")
            let targets = [
                "a/vault": "../b/vault", "b/vault": "\(folder)/c/folder/vault", "c/folder": "../real",
            ]
            try files.createSymbolicLink(
                atPath: "\(folder)/\(link)",
                withDestinationPath: try #require(targets[link])
            )
            try await waitForNext()
            withExtendedLifetime(next) {}
        }
    }

    @Test func `what is written under another name of the file is told`() async throws {
        try FileManager.default.linkItem(atPath: folder + "/file", toPath: folder + "/links/other")
        let watch = try watch("file")
        try write("links/other", "2")
        try await waitForNext()
        withExtendedLifetime(watch) {}
    }

    @Test func `what can't be watched is told, and the rest is watched`() async throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/links/link",
            withDestinationPath: "../file"
        )
        let failure = SystemCallError(call: "inotify_add_watch", code: EACCES)
        let watch = try FileWatch(
            folder + "/links/link",
            seesWrites: false,
            queue: DispatchQueue(label: "watch"),
            adding: { [folder] watch, path, events in
                guard path != folder + "/links" else { return .failure(failure) }
                let number = unsafe inotify_add_watch(watch.number, path, events)
                return number < 0 ? .failure(.last("inotify_add_watch")) : .success(number)
            }
        ) { [events] in events.continuation.yield() }
        #expect(watch.gaps == [FileWatch.Gap(place: folder + "/links", failure: failure)])
        try write("file", "3", atomically: true)
        try await waitForNext()
        withExtendedLifetime(watch) {}
        #expect(try self.watch("file").gaps.isEmpty)
    }

    @Test func `a folder that isn't there can't be watched`() {
        #expect(throws: SystemCallError.self) { try watch("missing/file") }
    }

    @Test func `a folder is locked by one at a time, without a file for it`() throws {
        let before = try FileManager.default.contentsOfDirectory(atPath: folder)
        do {
            let lock = try FolderLock(folder, orWithoutAfter: .zero)
            let isHeld = lock.isHeld
            let isHeldByAnother = try FolderLock(folder, orWithoutAfter: .zero).isHeld
            #expect(isHeld && !isHeldByAnother)
            _ = consume lock
        }
        let isHeld = try FolderLock(folder, orWithoutAfter: .zero).isHeld
        #expect(isHeld)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == before)
    }
}
