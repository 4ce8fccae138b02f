// SPDX-License-Identifier: Apache-2.0

/// How many calls are being worked at, of each connection, of each process and in all: a flood from one must neither keep
/// out others nor take memory without end.
///
/// A call first arrives, counted for its connection, and then, once its process is known, takes a turn among that one's.
struct ServedCalls {
    /// How many calls of one process, and of one connection, there may be at the same time.
    static let perCaller = 64
    /// How many of one process are taken whatever others have.
    static let few = 4
    /// How many there may be in all, but for those few.
    static let total = 512
    /// How many of one process are worked at at once, but for those that only wait; the others come after them.
    static let atOnce = 8

    /// How many bytes the arguments of all calls may take together, but for those of small ones.
    static let totalBytes = 16 << 20
    /// How many of them those of one process.
    static let bytesPerCaller = totalBytes / 4
    /// Of this many bytes a call is small.
    static let fewBytes = 8 << 10

    /// After how many calls the memory that they took is worth giving back, and after how many bytes of arguments.
    static let (many, manyBytes) = (256, 4 << 20)

    /// When a call is worked at.
    enum Turn: Equatable {
        case now
        case later
        case never
    }

    fileprivate struct Process {
        var count = 0
        var working: Set<Int> = []
        var queue: ArraySlice<Int> = []
    }

    private struct Connection {
        var count = 0
        var process: String?
    }

    private var connections: [String: Connection] = [:]
    private var processes: [String: Process] = [:]
    private var callers: [Int: String] = [:]
    private var sum = 0
    private var served = 0
    /// How many bytes the arguments of calls take, and of which process, or of which connection as long as that isn't known.
    private var sizes: [Int: (bytes: Int, caller: String)] = [:]
    private var bytes = 0
    private var bytesOf: [String: Int] = [:]
    private var servedBytes = 0

    /// Whether there are so few calls, and none with large arguments, that it doesn't matter whose they are.
    var isQuiet: Bool { sum <= Self.few && sizes.isEmpty }

    /// Counts a call in for its connection.
    ///
    /// - Returns: False if there are too many already; then it isn't counted.
    mutating func arrive(from connection: String) -> Bool {
        var entry = connections[connection] ?? Connection()
        guard Self.hasRoom(entry.count, beside: sum) else { return false }
        entry.count += 1
        connections[connection] = entry
        sum += 1
        return true
    }

    /// How many bytes the arguments of another call of a connection may take.
    func room(for connection: String) -> Int {
        let caller = connections[connection]?.process ?? connection
        let left = min(Self.totalBytes - bytes, Self.bytesPerCaller - bytesOf[caller, default: 0])
        return max(Self.fewBytes, left)
    }

    /// Counts in the arguments of a call that has arrived.
    ///
    /// - Returns: False if those of all calls, or of its process, take too much; then it only has to end.
    mutating func hold(_ call: Int, from connection: String, bytes size: Int) -> Bool {
        servedBytes += size
        guard size <= room(for: connection) else { return false }
        guard size > Self.fewBytes else { return true }
        let caller = connections[connection]?.process ?? connection
        sizes[call] = (size, caller)
        bytes += size
        bytesOf[caller, default: 0] += size
        return true
    }

    private mutating func letGo(_ call: Int) {
        guard let held = sizes.removeValue(forKey: call) else { return }
        bytes -= held.bytes
        let left = bytesOf[held.caller, default: 0] - held.bytes
        bytesOf[held.caller] = left > 0 ? left : nil
    }

    /// Whether it is known whose a connection is.
    func knows(_ connection: String) -> Bool { connections[connection]?.process != nil }

    /// Notes whose a connection is, for as long as it has calls; those that it has count for that one from now on.
    mutating func learn(_ connection: String, is process: String) {
        connections[connection]?.process = process
        guard process != connection else { return }
        if let early = bytesOf.removeValue(forKey: connection) {
            bytesOf[process, default: 0] += early
            for (call, held) in sizes where held.caller == connection { sizes[call]?.caller = process }
        }
        guard let early = processes.removeValue(forKey: connection) else { return }
        var entry = processes[process] ?? Process()
        entry.count += early.count
        entry.working.formUnion(early.working)
        entry.queue += early.queue
        processes[process] = entry
        for (call, owner) in callers where owner == connection { callers[call] = process }
    }

    /// Gives a call that has arrived its turn among those of its connection's process; where that isn't known, among those
    /// of the connection.
    ///
    /// - Returns: `.never` if there are too many already; then it only has to end.
    mutating func begin(_ call: Int, from connection: String) -> Turn {
        let process = connections[connection]?.process ?? connection
        var entry = processes[process] ?? Process()
        guard Self.hasRoom(entry.count, beside: sum - 1) else { return .never }
        // By several connections before it was known that they are of one process.
        guard sizes[call] == nil || bytesOf[process, default: 0] <= Self.bytesPerCaller else { return .never }
        entry.count += 1
        callers[call] = process
        let isNow = entry.working.count < Self.atOnce
        if isNow { entry.working.insert(call) } else { entry.queue.append(call) }
        processes[process] = entry
        return isNow ? .now : .later
    }

    /// A call only waits from now on.
    ///
    /// - Returns: The call whose turn it is instead.
    mutating func wait(_ call: Int) -> Int? {
        guard let process = callers[call] else { return nil }
        return processes[process]?.next(after: call)
    }

    /// Counts a call out.
    ///
    /// - Returns: The call whose turn it is then, and whether this was the last of many.
    mutating func end(_ call: Int, from connection: String) -> (next: Int?, isLastOfMany: Bool) {
        guard var entry = connections[connection] else { return (nil, false) }
        entry.count -= 1
        connections[connection] = entry.count > 0 ? entry : nil
        sum -= 1
        served += 1
        letGo(call)
        var next: Int?
        if let process = callers.removeValue(forKey: call), var its = processes[process] {
            next = its.next(after: call)
            its.count -= 1
            processes[process] = its.count > 0 ? its : nil
        }
        guard sum == 0, served >= Self.many || servedBytes >= Self.manyBytes else { return (next, false) }
        (served, servedBytes) = (0, 0)
        return (next, true)
    }

    private static func hasRoom(_ count: Int, beside sum: Int) -> Bool {
        count < few || (count < perCaller && sum < total)
    }
}

extension ServedCalls.Process {
    /// Lets go of a call, and takes up the next.
    fileprivate mutating func next(after call: Int) -> Int? {
        guard working.remove(call) != nil, let next = queue.popFirst() else { return nil }
        working.insert(next)
        return next
    }
}
