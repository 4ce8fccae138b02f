// SPDX-License-Identifier: Apache-2.0

/// How long the daemon may take to end: together less than the unit's TimeoutStopSec, after which systemd kills it.
enum StopTimes {
    /// How long what runs may take: connections get their answers, and what is on the screen is taken away.
    static let services = Duration.seconds(15)
    /// How long what hasn't ended by then may take once it is cancelled: what is on the screen is taken away at least.
    static let grace = Duration.seconds(3)
    /// How long all of that and `LastWork` may take, from the stop on: most of it is for vaults, since deriving a key twice
    /// takes a while.
    static let all = Duration.seconds(40)
    /// How long each other part of `LastWork` may take, and so its last step; a disk that hangs gets no more.
    static let records = Duration.seconds(5)
    /// How long the log may take for its last lines.
    static let log = Duration.seconds(2)
}
