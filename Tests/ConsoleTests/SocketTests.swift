// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Console

struct SocketTests {
    private static func unit(_ active: String, _ result: String = "success", ports: [Int] = [19455])
        -> SystemdUnit?
    {
        let listening = ports.map { "Listen=127.0.0.1:\($0) (Stream)\nListen=[::1]:\($0) (Stream)\n" }
            .joined()
        return SystemdUnit(parsing: "LoadState=loaded\nActiveState=\(active)\nResult=\(result)\n" + listening)
    }

    @Test func `a socket that systemd gave up is a failure with its cure`() throws {
        let lost = try #require(Self.unit("failed", "service-start-limit-hit"))
        let finding = try #require(SocketCheck.finding(lost, port: 19455))
        #expect(finding.level == .failure && finding.advice.contains("keybell socket"))
        let taken = try #require(Self.unit("failed", "resources"))
        #expect(SocketCheck.finding(taken, port: 19455)?.advice.contains("--own-port") == true)
    }

    @Test func `a socket with another port than the configuration's is a failure`() throws {
        let unit = try #require(Self.unit("active"))
        #expect(SocketCheck.finding(unit, port: 19455)?.level == .ok)
        #expect(SocketCheck.finding(unit, port: 20000)?.level == .failure)
        #expect(SocketCheck.port(unit) == 19455)
        #expect(SocketCheck.port(Self.unit("active", ports: [1, 2])) == nil)
        #expect(SocketCheck.port(Self.unit("failed")) == nil)
    }

    @Test func `a socket that isn't used is nothing to speak of`() throws {
        #expect(SocketCheck.finding(Self.unit("inactive"), port: 1) == nil)
        let absent = try #require(SystemdUnit(parsing: "LoadState=not-found\nActiveState=inactive\n"))
        #expect(SocketCheck.finding(absent, port: 1) == nil)
        #expect(SystemdUnit(parsing: "") == nil)
    }

    @Test(arguments: [["stop"], ["reset-failed"], []])
    func `the socket is started again whatever its stop says`(failing: [String]) async {
        var told: [String] = []
        var failure: ConsoleError?
        do throws(ConsoleError) {
            try await SocketCommand.restart(19500) { words in
                told.append(words[0])
                return !failing.contains(words[0])
            }
        } catch {
            failure = error
        }
        #expect(told == ["daemon-reload", "stop", "reset-failed", "start"])
        #expect(failure?.text.contains("`systemctl --user stop") == (failing == ["stop"] ? true : nil))
    }

    @Test func `a stop may take as long as the unit lets it`() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let unit = try String(
            contentsOf: repository.appending(path: "systemd/keybell.service"),
            encoding: .utf8
        )
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("TimeoutStopSec=") })
        let limit = try #require(Int(line.dropFirst("TimeoutStopSec=".count)))
        #expect(SystemdUnit.stopTimeout >= .seconds(limit + 5))
    }

    @Test func `without systemd it is said what was written and what is to be done`() {
        let text = SocketCommand.withoutSystemd(19500, configuration: "/c.toml", dropIn: "/d.conf")
        #expect(text.contains("Written is `port = 19500` in /c.toml, and a setting for systemd in /d.conf"))
        #expect(text.contains("End keybelld and start it again") && text.contains("http://localhost:19500"))
        let named = SocketCommand.withoutSystemd(19500, configuration: nil, dropIn: "/d.conf")
        #expect(named.contains("Written is a setting for systemd in /d.conf"))
    }
}
