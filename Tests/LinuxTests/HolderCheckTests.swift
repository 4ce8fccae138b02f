// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

@Suite struct HolderCheckTests {
    private func check() throws -> HolderCheck {
        let pair = try Loopback("127.0.0.1")
        let owner = try #require(try SocketTable.owner(local: pair.client, remote: pair.server))
        let holder = try #require(SocketHolder.find([owner.inode]).holders.first { $0.pid == getpid() })
        let program = try #require(RunningProgram(of: getpid()))
        let check = try #require(HolderCheck(holder, running: program))
        #expect(check.isUnchanged && check.isUnchanged)
        return check
    }

    @Test func `a process that has the socket no longer isn't as it was`() throws {
        #expect(try !check().isUnchanged)
    }

    @Test func `one that runs another program isn't either`() throws {
        let pair = try Loopback("127.0.0.1")
        let owner = try #require(try SocketTable.owner(local: pair.client, remote: pair.server))
        let holder = try #require(SocketHolder.find([owner.inode]).holders.first { $0.pid == getpid() })
        let mine = try #require(RunningProgram(of: getpid()))
        for other in [
            RunningProgram(
                startTime: mine.startTime + 1,
                image: mine.image,
                device: mine.device,
                inode: mine.inode
            ),
            RunningProgram(
                startTime: mine.startTime,
                image: mine.image + 16,
                device: mine.device,
                inode: mine.inode
            ),
            RunningProgram(
                startTime: mine.startTime,
                image: mine.image,
                device: mine.device,
                inode: mine.inode + 1
            ),
        ] {
            #expect(try #require(HolderCheck(holder, running: other)).isUnchanged == false)
        }
    }

    @Test func `what is read of a line where it stands is what all of it says`() throws {
        let line = try FileBytes.read("/proc/self/stat")
        let status = try #require(ProcessStatus(parsing: line))
        let read = RunningImage(line.span)
        let image = try #require(read)
        #expect(image.startTime == status.startTime && image.start == status.image && !image.hasEnded)
        let odd = Array(
            "1 (a) Z 9) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26\n".utf8
        )
        let (other, cut) = (RunningImage(odd.span), Array(odd.prefix(40)))
        let ended = try #require(other)
        #expect(ended.hasEnded && ended.startTime == 19 && ended.start == 25)
        let half = RunningImage(cut.span)
        #expect(half == nil)
    }
}
