// SPDX-License-Identifier: Apache-2.0

import Approval
import Foundation
import KeePassHTTP
import Secrecy
import Testing
import Vault

@testable import Operations

/// How long what is told before an allow takes, with a right guess and with a wrong one.
///
/// A measurement for the hand (`KEYBELL_TIMING=1`), and no test: a busy machine would break it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["KEYBELL_TIMING"] != nil), .serialized)
struct LookTimingTests {
    private static let rounds = 200

    private static func scene(_ password: String) async -> Scene {
        var limits = Limits()
        limits.total = 0  // so that the answer comes at once, and nobody has to be there
        let scene = await Scene(limits: limits)
        for number in 0..<300 { await scene.vault.put(.at("https://x\(number).example/", "x\(number)")) }
        var login = Login(id: LoginID(high: 1, low: 2), title: "Bank", url: "https://bank.example/")
        login.username = "me"
        await scene.vault.put(login, password: password, fields: ["Pin": password])
        return scene
    }

    @Test(arguments: ["search", "regular expression", "runaway", "password", "field"])
    func `the median of a right guess by that of a wrong one`(kind: String) async throws {
        let scenes = (await Self.scene("Tr0ub4dor"), await Self.scene("n0thing-el"))
        var times: ([Duration], [Duration]) = ([], [])
        for round in 0..<Self.rounds * 2 {
            let scene = round.isMultiple(of: 2) ? scenes.0 : scenes.1
            let body = try Self.body(kind, scene.guest)
            let start = ContinuousClock.now
            let answer = await scene.bell.answer(body, from: KnownVisitor(known: scene.guest.caller))
            let time = ContinuousClock.now - start
            #expect(String(decoding: answer.body, as: UTF8.self).contains("Too many"))
            if round.isMultiple(of: 2) { times.0.append(time) } else { times.1.append(time) }
        }
        let medians = (times.0.sorted()[Self.rounds / 2], times.1.sorted()[Self.rounds / 2])
        print("\(kind): \(medians.0) by \(medians.1), ratio \(medians.0 / medians.1)")
    }

    private static func body(_ kind: String, _ guest: Guest) throws -> [UInt8] {
        if kind == "password" || kind == "field" {
            return try guest.request(
                .setLogin,
                [
                    "Uuid": LoginID(high: 1, low: 2).hex,
                    kind == "password" ? "Password" : "Login": "Tr0ub4dor",
                ],
                stringFields: kind == "field" ? [(key: "Pin", value: "Tr0ub4dor")] : []
            )
        }
        let text = [
            "search": "Tr0ub4dor", "regular expression": "^Tr0", "runaway": "^Tr0(?:(?:[a-z0-9]+)+)+!$",
        ]
        var request = try WireRequest(
            "get-logins-custom-search",
            id: guest.id,
            key: guest.key,
            ["SearchString": text[kind] ?? ""]
        )
        request["SearchInPasswords"] = "true"
        request["SearchMode"] = kind == "search" ? "1" : "2"
        return request.bytes
    }
}
