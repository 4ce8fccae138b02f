// SPDX-License-Identifier: Apache-2.0

import Foundation

extension Target {
    /// The most processor time that any input may take, however long it is; instruments and all, on a slow machine.
    private static let longestSeconds = 5.0

    /// Runs the target, and for some inputs once more with a part of them repeated up to the limit.
    ///
    /// A fuzzer's own inputs stay short for a long time, and what takes a time that grows with the square of the input's
    /// length is harmless while that is short.
    func feed(_ bytes: [UInt8]) {
        timed(bytes)
        let number = Self.number(of: bytes)
        guard number.isMultiple(of: 64), let long = Self.stretched(bytes, number / 64, to: limit) else {
            return
        }
        timed(long)
    }

    private func timed(_ bytes: [UInt8]) {
        let start = Self.processorSeconds()
        run(bytes)
        let seconds = Self.processorSeconds() - start
        precondition(seconds < Self.longestSeconds, "\(bytes.count) bytes took \(seconds) s")
    }

    /// The input with one of its parts many times in its place; the same input and number make the same.
    private static func stretched(_ bytes: [UInt8], _ number: UInt64, to limit: Int) -> [UInt8]? {
        guard !bytes.isEmpty, bytes.count < limit else { return nil }
        let start = Int(number % UInt64(bytes.count))
        let longest = UInt64(min(bytes.count - start, 16))
        let end = start + 1 + Int((number >> 20) % longest)
        var long = Array(bytes[..<start])
        let rest = bytes[end...]
        while long.count + end - start + rest.count <= limit { long += bytes[start..<end] }
        return long + rest
    }

    /// A number that hangs on every byte (FNV-1a).
    private static func number(of bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } >> 8
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
