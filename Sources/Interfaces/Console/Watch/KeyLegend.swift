// SPDX-License-Identifier: Apache-2.0

import Approval

/// The keys that a request can be answered with, as they stand below it; what they do is in `WatchState`.
struct KeyLegend: Equatable {
    /// All of them, in one line that may be wrapped between two keys.
    let line: String
    /// The most important ones, for a window with few lines.
    let short = "[a] allow  [d] deny  [?] more".keepingTogether

    /// The keys for a request, while so many others wait.
    init(_ request: RequestDetails, others: Int) {
        var keys = ["[a] allow"]
        if request.kind == .associate { keys.append("[i] allow under another name") }
        if request.letsClientIn { keys.append("[v] allow for one vault") }
        if request.canGiveNamesAlone { keys.append("[o] names only") }
        if request.canBeRemembered { keys += ["[s] allow for this session", "[y] allow always"] }
        if EntryPicking(request) != nil { keys.append("[e] choose among the logins") }
        keys += ["[d] deny", "[m] deny and mute for 10 minutes"]
        if others > 0 { keys.append("[n] next (\(others) more)") }
        line = (keys + ["[q] quit"]).joined(separator: "  ").keepingTogether
    }
}

extension KeyLegend {
    /// The key that a letter stands on.
    static func lowercase(_ key: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= key ? key | 0x20 : key
    }
}

extension String {
    /// With no-break spaces everywhere but before a bracket: what belongs together stays on one line.
    fileprivate var keepingTogether: String {
        replacing(" ", with: "\u{A0}").replacing("\u{A0}[", with: " [")
    }
}
