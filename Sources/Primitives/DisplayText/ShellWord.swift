// SPDX-License-Identifier: Apache-2.0

/// Text as a shell takes it, for commands that people are told to type.
package enum ShellWord {
    /// A word of a command line: quoted where a shell would take it for anything else.
    package static func quoting(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || "/._-+".utf8.contains(byte)
            }
        return isPlain
            ? text
            : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
                + "'"
    }
}
