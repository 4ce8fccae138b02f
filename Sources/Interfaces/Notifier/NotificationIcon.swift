// SPDX-License-Identifier: Apache-2.0

import BusInterface
import Glibc

/// The icon of our notifications: our own where `make install` or a package has put it, else one that every theme has.
enum NotificationIcon {
    static let own = KeybellBus.name
    static let common = "dialog-password"

    static func name(dataFolders: [String] = dataFolders) -> String {
        let isInstalled = dataFolders.contains { folder in
            unsafe access("\(folder)/icons/hicolor/scalable/apps/\(own).svg", R_OK) == 0
        }
        return isInstalled ? own : common
    }

    /// Where desktops look for icons.
    private static var dataFolders: [String] {
        let home = variable("XDG_DATA_HOME") ?? variable("HOME").map { $0 + "/.local/share" }
        let shared = variable("XDG_DATA_DIRS") ?? "/usr/local/share:/usr/share"
        return [home].compactMap(\.self) + shared.split(separator: ":").map(String.init)
    }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
