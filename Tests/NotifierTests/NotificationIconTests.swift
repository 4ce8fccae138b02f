// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Notifier

@Suite struct NotificationIconTests {
    @Test func `our own icon is named where it is installed, else one that every theme has`() throws {
        let folder = try TemporaryFolder()
        #expect(NotificationIcon.name(dataFolders: [folder.path]) == "dialog-password")
        var path = ""
        for part in ["icons", "hicolor", "scalable", "apps"] {
            path += (path.isEmpty ? "" : "/") + part
            try folder.makeFolder(path)
        }
        try folder.write(path + "/org.keybell.Keybell.svg", "<svg/>")
        #expect(NotificationIcon.name(dataFolders: ["/nowhere", folder.path]) == "org.keybell.Keybell")
    }
}
