// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// The passwords by which what is kept is to be opened, as long as that waits for something; a lock forgets them.
struct MergePasswords: Sendable {
    private var byNumber: [Int: [SecretBytes?]] = [:]
    private var count = 0
    /// Those of a merge that waits for the state folder to answer; nil where none does.
    private(set) var delayed: [SecretBytes?]?

    /// Whether there are none that wait for the turn of a merge.
    var isEmpty: Bool { byNumber.isEmpty }

    /// Keeps those of a merge until its turn comes.
    ///
    /// - Parameter passwords: The passwords.
    /// - Returns: The number by which they are taken.
    mutating func add(_ passwords: [SecretBytes?]) -> Int {
        count += 1
        byNumber[count] = passwords
        return count
    }

    /// Those of a merge; nil where they were forgotten.
    mutating func take(_ number: Int) -> [SecretBytes?]? { byNumber.removeValue(forKey: number) }

    /// Keeps those of a merge that waits for the state folder to answer.
    mutating func delay(_ passwords: [SecretBytes?]) { delayed = passwords }

    /// Those of a merge that has waited for that; nil where there are none any more.
    mutating func takeDelayed() -> [SecretBytes?]? { delayed.take() }

    /// Forgets all.
    mutating func forget() { (byNumber, delayed) = ([:], nil) }
}
