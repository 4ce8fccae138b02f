// SPDX-License-Identifier: Apache-2.0

/// Marks of nonces by their times, whatever the order in which they come: the clock may have been set back.
///
/// It is a binary heap: what comes with the latest time is added at once, and the earliest is taken out in as many steps as
/// the heap is deep.
struct MarksByTime: Sendable {
    private struct Entry {
        let time: UInt64
        let mark: UsedNonce.Mark
    }

    private var heap: [Entry] = []

    mutating func insert(_ mark: UsedNonce.Mark, at time: UInt64) {
        heap.append(Entry(time: time, mark: mark))
        var place = heap.count - 1
        while place > 0, heap[place].time < heap[(place - 1) / 2].time {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes out the earliest, if it is earlier than that.
    mutating func removeFirst(before time: UInt64) -> UsedNonce.Mark? {
        guard let first = heap.first, first.time < time else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while let least = [2 * place + 1, 2 * place + 2].filter({ $0 < heap.count })
            .min(by: { heap[$0].time < heap[$1].time }), heap[least].time < heap[place].time
        {
            heap.swapAt(place, least)
            place = least
        }
        return first.mark
    }
}
