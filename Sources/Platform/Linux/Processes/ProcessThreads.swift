// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A process may go on without its first thread, which then no longer has memory, a file system or descriptors:
/// `/proc/PID` says nothing about these, but each living thread still does.
extension ProcessTable {
    /// How many threads are looked at to find a living one.
    private static let mostThreads = 256
    /// How many living threads are asked.
    private static let mostSurvivors = 8

    /// Looks at a process through its first thread and, if that has ended and says nothing, through living ones.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - find: Looks in a folder of `/proc`; nil if it finds nothing.
    /// - Returns: What was found first.
    static func look<Found: ~Copyable>(at pid: Int32, _ find: (_ folder: String) -> Found?) -> Found? {
        if let found = find("/proc/\(pid)") { return found }
        for thread in survivors(of: pid) {
            if let found = find("/proc/\(pid)/task/\(thread)") { return found }
        }
        return nil
    }

    /// The folder of the first thread or, if that has ended, of a living one.
    static func folder(of pid: Int32) -> String {
        survivors(of: pid).first.map { "/proc/\(pid)/task/\($0)" } ?? "/proc/\(pid)"
    }

    /// Some of the living threads of a process whose first thread has ended; none if that one lives, or if all have
    /// ended.
    package static func survivors(of pid: Int32) -> [Int32] {
        guard status(in: "/proc/\(pid)")?.hasEnded == true else { return [] }
        guard let threads = unsafe opendir("/proc/\(pid)/task") else {
            ResourceShortage.note(errno)
            return []
        }
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
