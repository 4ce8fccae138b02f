// SPDX-License-Identifier: Apache-2.0

extension WatchState {
    /// What happens.
    enum Event {
        /// A request waits, or is asked again.
        case added(RequestDetails)
        /// A request has ended.
        case removed(code: String, outcome: String)
        /// Something was typed.
        case key(KeyReader.Key)
        /// Time has passed; wanted at the time that ``due`` says.
        case time
        /// An answer wasn't taken, or isn't kept for as long as it was meant.
        case refused(code: String, reason: String)
        /// An answer, from wherever, isn't kept for as long as it was meant.
        case notKept(code: String, reason: String)
        /// The daemon has started anew, and didn't take this program as an agent again.
        case unregistered(reason: String)
        /// A part of a request is on the screen; with whether its title and all of its warnings have been by now.
        case drawn(code: String, isRead: Bool)
        /// The window has another size.
        case resized
        /// The daemon is back, or gone.
        case daemon(isThere: Bool)
        /// The daemon is back and can't begin its work, with what to do.
        case unusable(reason: String)
    }

    /// What is to be done about it.
    enum Action: Equatable {
        case print(String)
        /// Print the first of these, the longest first, that the window has room for.
        case ask([String])
        /// Show a request with the keys that answer it; in a small window this part of it.
        case show(RequestDetails, keys: KeyLegend, part: Int = 0)
        /// Show what has been typed of a name, in place of what was shown of it before.
        case echo(String)
        /// The request is on the screen now.
        case shown(code: String)
        case answer(code: String, decision: String, AnswerChoices)
        case quit
    }
}
