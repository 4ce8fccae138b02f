// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import Linux

struct StandardErrorTests {
    @Test func `only what leads to the journal itself is taken for it`() throws {
        var file = stat()
        #expect(unsafe fstat(STDERR_FILENO, &file) == 0)
        let own = "\(file.st_dev):\(file.st_ino)"
        #expect(Journal.isStandardError(in: ["JOURNAL_STREAM": own]))
        #expect(!Journal.isStandardError(in: ["JOURNAL_STREAM": "\(file.st_dev):\(file.st_ino + 1)"]))
        #expect(!Journal.isStandardError(in: ["JOURNAL_STREAM": ""]))
        #expect(!Journal.isStandardError(in: [:]))
    }

    @Test func `a path leads to the same file from every folder`() {
        #expect(WorkingFolder.absolute("/etc/a.toml") == "/etc/a.toml")
        #expect(WorkingFolder.absolute("a.toml") == WorkingFolder.path + "/a.toml")
        #expect(WorkingFolder.path.hasPrefix("/"))
    }
}
