// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Console

struct StateCheckTests {
    @Test func `what keeps every grant from counting is told, with what to do`() throws {
        let folder = try TemporaryFolder()
        #expect(StateCheck.unreadable(folder.path).isEmpty)
        try folder.write("forgotten.json", "{")
        let finding = try #require(StateCheck.unreadable(folder.path).first)
        #expect(finding.level == .warning)
        #expect(finding.text.contains(folder.path("forgotten.json")))
        #expect(finding.advice.contains("move it away"))
        try folder.write("forgotten.json", #"{"format": 1, "keys": {}}"#)
        #expect(StateCheck.unreadable(folder.path).isEmpty)
    }

    @Test func `what keeps every client out is told, with what to do`() throws {
        let folder = try TemporaryFolder()
        try folder.write("revoked.json", "{")
        let finding = try #require(StateCheck.unreadable(folder.path).first)
        #expect(finding.level == .failure)
        #expect(finding.text.contains("no client is let in"))
        #expect(finding.text.contains(folder.path("revoked.json")))
        try folder.write("revoked.json", #"{"format": 1, "keys": []}"#)
        #expect(StateCheck.unreadable(folder.path).isEmpty)
    }

    @Test func `what keeps every change from being made is told, with what to do`() throws {
        let folder = try TemporaryFolder()
        try folder.write("nonces", "damaged")
        let finding = try #require(StateCheck.unreadable(folder.path).first)
        #expect(finding.level == .failure)
        let path = folder.path("nonces")
        #expect(finding.text.contains(path) && finding.text.contains("could be repeated"))
        #expect(finding.advice.contains("`mv \(path) \(path).damaged`"))
        try folder.write("nonces", "")
        #expect(StateCheck.unreadable(folder.path).isEmpty)
    }
}
