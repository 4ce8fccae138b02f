// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// For tests that take an image of a process's memory: without root they are skipped, and it is said which weren't run.
    static var memoryImages: Self {
        .enabled(
            if: MemoryImage.isPossible,
            "nothing was looked at: only root may read the memory of a process that isn't dumpable"
        )
    }
}
