// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SessionWatch

@Suite struct ScreenStateTests {
    private let start = ContinuousClock.now
    private let kde = ScreenState.Witness.screenSaver("org.freedesktop.ScreenSaver")
    private let session = ScreenState.Witness.session("/org/freedesktop/login1/session/_32")

    @Test func `one service is enough, and the last one unlocks`() {
        var screen = ScreenState()
        #expect(screen.heard(kde, isLocked: true) == [.screenLocked])
        #expect(screen.heard(session, isLocked: true) == [])
        #expect(screen.heard(kde, isLocked: false) == [])
        #expect(screen.isLocked)
        #expect(screen.heard(session, isLocked: false) == [.screenUnlocked])
    }

    @Test func `a service that says the same again changes nothing`() {
        var screen = ScreenState()
        #expect(screen.heard(kde, isLocked: false) == [])
        _ = screen.heard(kde, isLocked: true)
        #expect(screen.heard(kde, isLocked: true) == [])
    }

    @Test func `a request to lock counts at once, but not for ever if nobody says that it is done`() {
        var screen = ScreenState()
        #expect(screen.lockRequested(now: start) == [.screenLocked])
        #expect(screen.alarm == start + ScreenState.requestHolds)
        #expect(screen.tick(now: start + .seconds(9)) == [])
        #expect(screen.tick(now: start + ScreenState.requestHolds) == [.screenUnlocked])
        #expect(screen.alarm == nil)
    }

    @Test func `once a service confirms the lock, that service ends it`() {
        var screen = ScreenState()
        _ = screen.lockRequested(now: start)
        #expect(screen.heard(session, isLocked: true) == [])
        #expect(screen.alarm == nil)
        #expect(screen.tick(now: start + .seconds(60)) == [])
        #expect(screen.isLocked)
        #expect(screen.heard(session, isLocked: false) == [.screenUnlocked])
    }

    @Test func `a request to unlock ends a request to lock, not a lock`() {
        var screen = ScreenState()
        _ = screen.lockRequested(now: start)
        #expect(screen.unlockRequested() == [.screenUnlocked])
        _ = screen.heard(kde, isLocked: true)
        #expect(screen.unlockRequested() == [])
        #expect(screen.isLocked)
    }

    @Test func `a request while it is locked asks for no end of its own`() {
        var screen = ScreenState()
        _ = screen.heard(kde, isLocked: true)
        #expect(screen.lockRequested(now: start) == [])
        #expect(screen.alarm == nil)
    }
}
