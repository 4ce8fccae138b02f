// SPDX-License-Identifier: Apache-2.0

// Mutes outlive the daemon.
extension ApprovalBroker {
    /// Takes up mutes of a daemon before this one, for the rest of their time; to be called before anything is asked.
    package func takeUp(_ kept: [StoredMute], uid: UInt32) {
        let now = reading()
        queue.takeUp(kept, uid: uid, now: now)
        for mute in kept {
            let asked = min(max(mute.asked, 0), now.unix)
            times.note(mute.code, RequestTime(instant: now.past(asked), unix: asked))
        }
        storedMutes.noteKept(in: queue, at: now, times)
    }

    /// Whether no mute that has ended, by the person's word too, is back after a restart.
    package func staysUnmuted() async -> Bool {
        await areMutesKept(nil)
    }

    func tellMutes() {
        storedMutes.tell(of: queue, at: reading(), times)
    }

    /// Nothing is denied unseen any longer.
    func keepMutesAtEnd() {
        storedMutes.tellLast(of: queue, at: reading(), times)
    }
}
