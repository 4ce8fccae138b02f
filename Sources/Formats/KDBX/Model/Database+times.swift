// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {
    /// Sets a time in an element's `Times`.
    mutating func setTime(_ name: String, of element: Element, to time: Timestamp) {
        let times = document.child(of: element, named: "Times") ?? document.append("Times", to: element)
        document.setText(of: times, child: name, to: time.text(for: version))
    }

    /// Gives a new entry or group its times.
    mutating func addTimes(to element: Element, at now: Timestamp) {
        let times = document.append("Times", to: element)
        for name in ["CreationTime", "LastModificationTime", "LastAccessTime", "ExpiryTime"] {
            document.append(name, to: times, text: now.text(for: version))
        }
        document.append("Expires", to: times, text: "False")
        document.append("UsageCount", to: times, text: "0")
        document.append("LocationChanged", to: times, text: now.text(for: version))
    }

    /// When an element was last edited; long ago if it does not say.
    func modified(_ element: Element) -> Timestamp {
        time(names.modified, of: element) ?? Timestamp(unix: .min)
    }

    /// When an element was last moved; long ago if it does not say.
    func moved(_ element: Element) -> Timestamp {
        time("LocationChanged", of: element) ?? Timestamp(unix: .min)
    }
}
