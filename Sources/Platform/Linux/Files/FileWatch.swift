// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConcurrencyTools
package import Dispatch
import Glibc

/// Reports when a file may have changed: written, replaced, moved or removed, by anybody.
///
/// It watches (by inotify) the file's folder, for most programs put a new file in the old one's place; the file itself,
/// which may be written under another name, for example if it is a mount point; and the folder of each symbolic link on
/// the way. Nothing polls: without events no thread wakes. It ends when it is released.
package final class FileWatch: Sendable {
    /// What is on the way to the file but can't be watched: its changes aren't reported.
    package struct Gap: Equatable, Sendable, CustomStringConvertible {
        let place: String
        let failure: SystemCallError

        package var description: String { "\(place): \(failure)" }
    }

    /// Watches one more path; its number, or why it can't.
    typealias Adding = (
        _ watch: borrowing Descriptor, _ path: String, _ events: UInt32
    ) -> Result<Int32, SystemCallError>

    /// What isn't watched; the rest is.
    package let gaps: [Gap]
    private let source: DispatchSource

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - path: The file, or a link to it; it need not be there, but its folder must.
    ///   - seesWrites: Whether it reports writes by a program that keeps the file open at once, too, and not only when
    ///     it is closed.
    ///   - queue: Where `changed` is called.
    ///   - changed: Called after a change, once for several that come together; it has to look up what has become of
    ///     the file.
    /// - Throws: The failing call's `errno`, where nothing can be watched; what else can't is among the `gaps`.
    package convenience init(
        _ path: String,
        seesWrites: Bool = false,
        queue: DispatchQueue = Alarm.queue,
        changed: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        try self.init(path, seesWrites: seesWrites, queue: queue, adding: Self.add, changed: changed)
    }

    init(
        _ path: String,
        seesWrites: Bool,
        queue: DispatchQueue,
        adding add: Adding,
        changed: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        let watch = try Descriptor(
            "inotify_init1",
            inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        )
        var names: [Int32: Set<String>] = [:]
        let writes = seesWrites ? UInt32(IN_MODIFY) : 0
        var gaps: [Gap] = []
        for place in FilePlace.all(onTheWayTo: path) {
            switch add(watch, place.folder, Self.events | writes) {
            case .success(let folder): names[folder, default: []].insert(place.name)
            case .failure(let failure): gaps.append(Gap(place: place.folder, failure: failure))
            }
        }
        // If there is no file yet, its folder reports it.
        if case .failure(let failure) = add(watch, path, Self.fileEvents | writes), !failure.isNoSuchFile {
            gaps.append(Gap(place: path, failure: failure))
        }
        // A dangling link is watched where it is.
        if names.isEmpty, let gap = gaps.first { throw gap.failure }
        self.gaps = gaps
        let number = watch.release()
        source = DispatchSource.makeReadSource(fileDescriptor: number, queue: queue).concrete
        source.setEventHandler { [names] in
            if Self.drain(number, names) { changed() }
        }
        source.setCancelHandler { close(number) }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    private static func add(
        _ watch: borrowing Descriptor,
        _ path: String,
        _ events: UInt32
    ) -> Result<Int32, SystemCallError> {
        let number = unsafe inotify_add_watch(watch.number, path, events)
        return number < 0 ? .failure(.last("inotify_add_watch")) : .success(number)
    }

    private static let events = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF
            | IN_MOVE_SELF
    )

    /// Its names are watched through its folders.
    private static let fileEvents = UInt32(IN_CLOSE_WRITE | Int32(IN_MASK_ADD))

    /// Reads what has happened; whether any of it was about one of these names, or about a folder itself.
    private static func drain(_ number: Int32, _ names: [Int32: Set<String>]) -> Bool {
        var isConcerned = false
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe read(number, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return isConcerned }
            for event in InotifyEvents(buffer.prefix(count)) {
                isConcerned =
                    isConcerned || event.name.isEmpty || names[event.folder]?.contains(event.name) == true
            }
        }
    }
}

/// The events in what inotify gave.
///
///      0  4  the watch
///      4  4  what has happened
///      8  4  which events belong together
///     12  4  length of the name
///     16  n  the name, filled up with zeros; none if it is about the folder itself
struct InotifyEvents: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func next() -> (folder: Int32, name: String)? {
        guard rest.count >= 16 else { return nil }
        let length = Int(number(at: 12))
        let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
        let folder = Int32(bitPattern: number(at: 0))
        rest = rest.dropFirst(16 + length)
        return (folder, String(decoding: name, as: UTF8.self))
    }

    /// In the byte order of this machine.
    private func number(at offset: Int) -> UInt32 {
        let bytes = rest.dropFirst(offset).prefix(4)
        var number: UInt32 = 0
        unsafe withUnsafeMutableBytes(of: &number) { unsafe $0.copyBytes(from: bytes) }
        return number
    }
}
