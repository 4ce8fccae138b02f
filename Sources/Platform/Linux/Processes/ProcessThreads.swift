// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A process may go on without its first thread, which then has no memory, file system and descriptors any more: what
/// `/proc/PID` tells of these is nothing, and each thread that lives still tells it.
extension ProcessTable {
    /// How many threads are looked at for one that lives.
    private static let mostThreads = 256
    /// How many of those that live are asked.
    private static let mostSurvivors = 8

    /// Looks at a process by its first thread and, where that has ended and tells nothing, by those that live.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - find: Looks in a folder of `/proc`; nil where there is nothing to be had.
    /// - Returns: What was found first.
    static func look<Found: ~Copyable>(at pid: Int32, _ find: (_ folder: String) -> Found?) -> Found? {
        if let found = find("/proc/\(pid)") { return found }
        for thread in survivors(of: pid) {
            if let found = find("/proc/\(pid)/task/\(thread)") { return found }
        }
        return nil
    }

    /// The folder of the first thread or, where that has ended, of one that lives.
    static func folder(of pid: Int32) -> String {
        survivors(of: pid).first.map { "/proc/\(pid)/task/\($0)" } ?? "/proc/\(pid)"
    }

    /// Some of the threads with which a process goes on whose first one has ended; none where that one lives, or where
    /// all have ended.
    package static func survivors(of pid: Int32) -> [Int32] {
        guard status(in: "/proc/\(pid)")?.hasEnded == true,
            let threads = unsafe opendir("/proc/\(pid)/task")
        else { return [] }
        defer { unsafe closedir(threads) }
        var living: [Int32] = []
        var seen = 0
        while living.count < mostSurvivors, seen < mostThreads, let thread = unsafe nextNumber(threads) {
            seen += 1
            guard thread != pid, status(in: "/proc/\(pid)/task/\(thread)")?.hasEnded == false else {
                continue
            }
            living.append(thread)
        }
        return living
    }

    /// The next name in a folder that is a number; nil at its end.
    @unsafe static func nextNumber(_ folder: OpaquePointer) -> Int32? {
        while let entry = unsafe readdir(folder) {
            let number = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes -> Int32? in
                var value: Int32 = 0
                for index in 0..<bytes.count {
                    let byte = unsafe bytes[index]
                    if byte == 0 { break }
                    let digit = Int32(byte) - 48
                    guard (0...9).contains(digit), value < 200_000_000 else { return nil }
                    value = value * 10 + digit
                }
                return unsafe bytes[0] == 0 ? nil : value
            }
            if let number { return number }
        }
        return nil
    }
}
