// SPDX-License-Identifier: Apache-2.0

/// The numbers of the latest names, found again by their letters without making a string of them.
@unsafe struct NameCache {
    private var slots = unsafe [(name: UnsafeBufferPointer<UInt8>, number: UInt32)?](
        repeating: nil,
        count: 256
    )

    /// The number of a name in a builder's document; the name has to stay where it is as long as this lives.
    mutating func number(of name: UnsafeBufferPointer<UInt8>, _ builder: inout TreeBuilder) -> UInt32 {
        guard let first = unsafe name.first, let last = unsafe name.last else {
            return unsafe builder.number(of: "")
        }
        let middle = unsafe name[name.count / 2]
        let slot = (name.count &* 37 ^ Int(first) &* 7 ^ Int(middle) &* 31 ^ Int(last)) & 255
        if let known = unsafe slots[slot], unsafe known.name.elementsEqual(name) {
            return unsafe known.number
        }
        let number = unsafe builder.number(of: String(decoding: name, as: UTF8.self))
        unsafe slots[slot] = unsafe (name, number)
        return number
    }
}
