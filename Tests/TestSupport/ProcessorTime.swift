// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processor time of this thread: what other tests and programs do beside it doesn't count.
package enum ProcessorTime {
    /// How long some work takes, at best of three.
    package static func of(_ work: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<3 {
            let began = now
            try work()
            best = min(best, now - began)
        }
        return best
    }

    /// How many times longer something takes for four times as much: 4 where it grows with its size, 16 with its square.
    ///
    /// - Parameters:
    ///   - size: The smaller one; large enough to take some milliseconds.
    ///   - prepare: Makes what is worked on.
    ///   - work: What is measured.
    /// - Returns: The ratio.
    /// - Throws: What either of them throws.
    package static func growth<Input>(
        from size: Int,
        _ prepare: (Int) throws -> Input,
        _ work: (Input) throws -> Void
    ) rethrows -> Double {
        let (small, large) = (try prepare(size), try prepare(size * 4))
        let smallTime = try of { try work(small) }
        return try of { try work(large) } / max(smallTime, 0.000_1)
    }

    private static var now: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
