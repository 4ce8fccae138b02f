// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import TestSupport
import Testing

/// Whatever else writes the file, and in whatever order: what was acknowledged is in the file, or kept, in the end.
struct KDBXStoreModelTests {
    @Test(arguments: [
        1, 2, 3, 4, 5, 6, 11_286_886_088_660_881_349, 467_628_708_349_282_360, 17_260_875_569_428_484_686,
        7_837_323_529_695_083_887, UInt64.random(in: 7 ... .max),
    ])
    func `every acknowledged save is in the file or kept in the end`(seed: UInt64) async throws {
        try await run(KDBXModel(seed: seed))
    }

    @Test(arguments: [1, 2, 3, UInt64.random(in: 4 ... .max)])
    func `so it is where other programs remove former states`(seed: UInt64) async throws {
        try await run(KDBXModel(seed: seed, removesHistory: true))
    }

    private func run(_ model: KDBXModel) async throws {
        try await withDeadline(.seconds(600)) {
            var model = model
            for _ in 1...200 { try await model.step() }
            try await model.end()
        }
    }
}
