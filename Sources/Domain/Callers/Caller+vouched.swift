// SPDX-License-Identifier: Apache-2.0

extension Caller {
    /// What the kernel vouches for about the asker: the sandbox's id, else the executable's path, and which file that
    /// is, so that neither another name for it nor a home-made sandbox gives a new allowance; with an empty one where
    /// it isn't certain who asks.
    ///
    /// Scripts and Origins are claims of the peer. So whatever is counted against a program goes by this alone:
    /// claiming another script or extension gives no new allowance. Where several processes hold the connection, each
    /// counts, so that keeping it in another one doesn't either.
    package var vouchedIDs: Set<String> {
        // One in a sandbox makes them all sandboxed.
        let programs = sandboxes.isEmpty ? askers.map(\.vouched) : sandboxes.map(\.id)
        return Set(programs + askers.compactMap(\.file) + (isKnown ? [] : [""]))
    }
}
