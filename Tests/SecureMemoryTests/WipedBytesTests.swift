// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SecureMemory

@Suite struct WipedBytesTests {
    @Test func `bytes that there is room for don't move, so that none are left behind`() {
        var bytes: [UInt8] = []
        for count in [1, 10, 3000, 5, 70_000, 1] {
            let before = bytes.count
            bytes.makeRoom(for: count)
            #expect(bytes.count == before && bytes.capacity >= before + count)
            let place = Self.place(of: bytes)
            bytes += [UInt8](repeating: 7, count: count)
            #expect(Self.place(of: bytes) == place)
        }
        #expect(bytes.count == 73_017 && bytes.allSatisfy { $0 == 7 })
    }

    private static func place(of bytes: borrowing [UInt8]) -> UInt {
        unsafe bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    }
}
