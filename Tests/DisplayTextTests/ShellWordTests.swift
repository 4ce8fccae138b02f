// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DisplayText

@Suite struct ShellWordTests {
    @Test(arguments: ["main", "/home/ann/pass-words.kdbx", "a_b+c"])
    func `a plain word stays as it is`(text: String) {
        #expect(ShellWord.quoting(text) == text)
    }

    @Test(arguments: ["", "my vault", "it's", "''", "$(reboot)", "`x`", "a;b", "\\", "~ann", "Grüße", "-n;"])
    func `a shell reads any other as one word, just as it was`(text: String) throws {
        let word = ShellWord.quoting(text)
        #expect(word.hasPrefix("'"))
        let shell = Process()
        let output = Pipe()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", "printf '%s|' " + word]
        shell.standardOutput = output
        try shell.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        #expect(String(decoding: printed, as: UTF8.self) == text + "|")
    }
}
