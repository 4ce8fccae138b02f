// SPDX-License-Identifier: Apache-2.0

extension String {
    /// A name without the difference between upper and lower case, to be compared with others.
    package var caseFolded: String { uppercased().lowercased() }
}
