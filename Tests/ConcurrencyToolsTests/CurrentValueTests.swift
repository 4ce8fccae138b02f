// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Testing

struct CurrentValueTests {
    @Test func `who follows it hears of another value, and reads it`() async {
        let current = CurrentValue(1)
        let changes = current.changes()
        current.replace(with: 2)
        for await _ in changes {
            #expect(current.value == 2)
            return
        }
    }
}
