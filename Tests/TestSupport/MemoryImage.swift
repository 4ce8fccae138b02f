// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The memory of a running process, read as root can read it: what somebody who takes an image of it would have.
///
///     let found = try MemoryImage.search(daemon.pid, for: ["Tr0ub4dor&3"])
///     #expect(found.isEmpty, "\(found)")
package enum MemoryImage {
    /// A place where one of the texts stood.
    package struct Finding: Sendable, CustomStringConvertible {
        /// The text that was looked for.
        package let text: String
        /// The region as `/proc/PID/maps` has it: `[heap]`, `[stack]`, a file, or nothing for anonymous memory.
        package let region: String
        /// The address.
        package let address: UInt
        /// The bytes around it, as far as they can be printed.
        package let surroundings: String

        package var description: String {
            "\"\(text)\" at \(String(address, radix: 16)) in \(region): …\(surroundings)…"
        }
    }

    /// Whether this process may read another one's memory.
    package static var isPossible: Bool { getuid() == 0 }

    /// Looks for texts in all memory that a process can write to.
    ///
    /// Each is looked for in UTF-8 and as base64 text in any of its three alignments. It is stopped meanwhile.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - texts: What is not to be there; at least six bytes each, so that chance doesn't find it.
    ///   - encoded: Whether base64 is looked for, too.
    /// - Returns: Where they are; empty if there are none.
    /// - Throws: Where its memory can't be read.
    package static func search(
        _ pid: Int32,
        for texts: [String],
        encoded: Bool = false
    ) throws -> [Finding] {
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        let memory = unsafe open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
        guard memory >= 0 else { throw SpawnError(code: errno) }
        defer { close(memory) }
        let needles = texts.flatMap { text in
            let forms = encoded ? [Array(text.utf8)] + base64Forms(of: Array(text.utf8)) : [Array(text.utf8)]
            return forms.map { (text, $0) }
        }
        var findings: [Finding] = []
        for region in try regions(of: pid) {
            var position = region.start
            while position < region.end {
                let chunk = Self.read(memory, at: position, atMost: Int(min(region.end - position, piece)))
                guard !chunk.isEmpty else { break }
                for (text, bytes) in needles {
                    findings += places(of: bytes, in: chunk).map { place in
                        Finding(
                            text: text,
                            region: region.name,
                            address: position + UInt(place),
                            surroundings: printable(
                                chunk[max(0, place - 24)..<min(chunk.count, place + bytes.count + 24)]
                            )
                        )
                    }
                }
                guard position + UInt(chunk.count) < region.end else { break }
                // What stands across two pieces is found in the second.
                position += UInt(max(chunk.count - overlap, 1))
            }
        }
        return findings
    }

    private struct Region {
        let start: UInt
        let end: UInt
        let name: String
    }

    private static let piece: UInt = 4 << 20
    private static let overlap = 4096

    /// What it can write to; code and constants have nothing in them that wasn't there before.
    private static func regions(of pid: Int32) throws -> [Region] {
        let file = unsafe open("/proc/\(pid)/maps", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SpawnError(code: errno) }
        defer { close(file) }
        var text: [UInt8] = []
        while true {
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = unsafe max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
            }
            guard !bytes.isEmpty else { break }
            text += bytes
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 5)
            guard parts.count >= 5, parts[1].hasPrefix("rw") else { return nil }
            let addresses = parts[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard addresses.count == 2 else { return nil }
            let name = parts.count > 5 ? parts[5].trimmingPrefix { $0 == " " } : "anonymous memory"
            return Region(start: addresses[0], end: addresses[1], name: String(name))
        }
    }

    private static func read(_ memory: Int32, at address: UInt, atMost count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // Guard pages can't be read by anybody: then it is nothing.
            initialized = unsafe max(0, pread(memory, buffer.baseAddress, count, off_t(bitPattern: address)))
        }
    }

    private static func places(of needle: [UInt8], in bytes: [UInt8]) -> [Int] {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe needle.withUnsafeBytes { needle in
                var found: [Int] = []
                guard let first = bytes.baseAddress, let text = needle.baseAddress else { return found }
                var offset = 0
                while found.count < 8, offset < bytes.count,
                    let hit = unsafe memmem(
                        first + offset,
                        UInt(bytes.count - offset),
                        text,
                        UInt(needle.count)
                    )
                {
                    let place = unsafe UnsafeRawPointer(hit) - first
                    found.append(place)
                    offset = place + needle.count
                }
                return found
            }
        }
    }

    /// The letters that base64 of a longer text has for this one, wherever in it this begins.
    private static func base64Forms(of bytes: [UInt8]) -> [[UInt8]] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return (0..<3).map { skipped in
            // The letters that lie wholly within the text.
            let padded = [UInt8](repeating: 0, count: skipped) + bytes
            let bits = padded.count * 8
            let first = (skipped * 8 + 5) / 6
            return (first..<bits / 6).map { request in
                let bit = request * 6
                let pair =
                    UInt16(padded[bit / 8]) << 8
                    | UInt16(bit / 8 + 1 < padded.count ? padded[bit / 8 + 1] : 0)
                return alphabet[Int(pair >> (10 - bit % 8)) & 63]
            }
        }
    }

    private static func printable(_ bytes: some Collection<UInt8>) -> String {
        String(bytes.map { (0x20..<0x7F).contains($0) ? Character(Unicode.Scalar($0)) : "·" })
    }
}

extension off_t {
    /// Addresses of the kernel's half don't fit; nobody asks for those.
    fileprivate init(bitPattern address: UInt) { self = off_t(truncatingIfNeeded: address) }
}
