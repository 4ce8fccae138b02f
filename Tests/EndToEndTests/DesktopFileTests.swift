// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What `make install` lays down for the desktops.
struct DesktopFileTests {
    private static let packaging = SystemdUnitTests.repository + "/packaging"

    @Test func `desktop-file-validate finds nothing to say about the desktop file`() async throws {
        let report = try await ChildProcess.run(
            "desktop-file-validate",
            [Self.packaging + "/org.keybell.Keybell.desktop"]
        )
        #expect(report.status == 0)
        #expect(report.output + report.errors == "")
    }

    /// GNOME lists a program among those whose notifications can be set by this line alone.
    @Test func `the desktop file is no launcher, and says that notifications come`() throws {
        let text = try String(
            contentsOfFile: Self.packaging + "/org.keybell.Keybell.desktop",
            encoding: .utf8
        )
        for line in [
            "Name=Keybell", "Icon=org.keybell.Keybell", "NoDisplay=true", "X-GNOME-UsesNotifications=true",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)))
        }
    }

    @Test(arguments: ["org.keybell.Keybell.svg", "org.keybell.Keybell-symbolic.svg"])
    func `the icons are well-formed and as wide as high`(name: String) async throws {
        let report = try await ChildProcess.run(
            "python3",
            [
                "-c",
                "import sys, xml.etree.ElementTree as t; r = t.parse(sys.argv[1]).getroot(); print(r.tag, r.get('width') == r.get('height'))",
                Self.packaging + "/icons/" + name,
            ]
        )
        #expect(report.output == "{http://www.w3.org/2000/svg}svg True\n")
    }
}
