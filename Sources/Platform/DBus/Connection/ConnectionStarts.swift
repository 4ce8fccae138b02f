// SPDX-License-Identifier: Apache-2.0

/// When the connections to a bus were made, at the latest, in clock ticks from boot.
struct ConnectionStarts {
    /// Since when each new one is noted, so that all others had been made by then; nil for not yet.
    var since: UInt64?
    private var times: [String: UInt64] = [:]

    /// The bus says that a name has another owner.
    mutating func take(_ name: String, from former: String, to owner: String, at now: UInt64) {
        guard name.hasPrefix(":") else { return }
        if owner.isEmpty {
            times[name] = nil
        } else if former.isEmpty {
            times[name] = now
        }
    }

    /// When a connection was made at the latest; nil if nobody knows.
    func latest(of uniqueName: String) -> UInt64? {
        times[uniqueName] ?? since
    }
}
