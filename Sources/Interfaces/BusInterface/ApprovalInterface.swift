// SPDX-License-Identifier: Apache-2.0

/// `org.keybell.Approval1`: what waits for the person's word, and the answering of it.
package enum ApprovalInterface {
    /// The interface name.
    package static let name = "org.keybell.Approval1"
    /// The object that carries it.
    package static let path = "/org/keybell/Approval"

    /// Code → details of all that waits.
    package static let listRequests = BusMethod("ListRequests", out: [BusArgument("requests", "a{sa{sv}}")])
    /// Code → details of what ended within the last minutes, with `outcome`, newest by `ended`.
    package static let listRecent = BusMethod("ListRecent", out: [BusArgument("requests", "a{sa{sv}}")])
    /// Every registered agent, with its executable.
    package static let listAgents = BusMethod("ListAgents", out: [BusArgument("agents", "aa{sv}")])
    /// How many requests wait for their turn to be shown.
    package static let countQueued = BusMethod("CountQueued", out: [BusArgument("count", "u")])
    /// Answers a request; the first answer counts.
    package static let answer = BusMethod(
        "Answer",
        in: [BusArgument("code", "s"), BusArgument("decision", "s"), BusArgument("choices", "a{sv}")]
    )
    /// The caller shows requests from now on, until it unregisters or leaves the bus.
    package static let registerAgent = BusMethod(
        "RegisterAgent",
        in: [BusArgument("name", "s"), BusArgument("options", "a{sv}")]
    )
    /// The caller no longer shows requests.
    package static let unregisterAgent = BusMethod("UnregisterAgent")
    /// Ends mutes; the programs that are no longer muted.
    package static let unmute = BusMethod(
        "Unmute",
        in: [BusArgument("name", "s")],
        out: [BusArgument("programs", "as")]
    )
    /// A registered agent confirms that the person can see this request.
    package static let shown = BusMethod("Shown", in: [BusArgument("code", "s")])
    /// The entries of a request from an index on, for those beyond the first 20.
    package static let getEntries = BusMethod(
        "GetEntries",
        in: [BusArgument("code", "s"), BusArgument("from", "u")],
        out: [BusArgument("entries", "a(sss)")]
    )

    /// A request waits from now on.
    package static let requestAdded = BusSignal(
        "RequestAdded",
        [BusArgument("code", "s"), BusArgument("details", "a{sv}")]
    )
    /// A request has ended.
    package static let requestRemoved = BusSignal(
        "RequestRemoved",
        [BusArgument("code", "s"), BusArgument("outcome", "s")]
    )
    /// An answer beyond a single request is kept, or why it isn't.
    package static let answerKept = BusSignal(
        "AnswerKept",
        [BusArgument("code", "s"), BusArgument("trouble", "s")]
    )
    /// What was allowed could not be carried out, and why.
    package static let answerFailed = BusSignal(
        "AnswerFailed",
        [BusArgument("code", "s"), BusArgument("reason", "s")]
    )

    /// The names of the registered agents.
    package static let agents = BusProperty("Agents", "as")
    /// How many requests wait.
    package static let pendingCount = BusProperty("PendingCount", "u")

    /// The program's version.
    package static let version = CommonProperty.version

    /// The interface as a whole.
    package static let description = BusInterfaceDescription(
        name: name,
        path: path,
        methods: [
            listRequests, listRecent, listAgents, countQueued, answer, unmute, registerAgent, unregisterAgent,
            shown,
            getEntries,
        ],
        signals: [requestAdded, requestRemoved, answerKept, answerFailed],
        properties: [agents, pendingCount, version]
    )

    /// Keys of a request's details.
    package enum Detail {
        /// `s`: associate, overwrite, unlock, release or save.
        package static let kind = "kind"
        /// `s`: one line, ready to show.
        package static let title = "title"
        /// `s`: some lines, ready to show.
        package static let body = "body"
        /// `as`: what should make the person think twice, the weightiest first; the body has it, too.
        package static let warnings = "warnings"
        /// `s`: the client's Id; all kinds but associate.
        package static let client = "client"
        /// `s`: what the person calls the client; left out where that is its Id.
        package static let clientName = "client-name"
        /// `b`: whether the client's key was verified.
        package static let verified = "verified"
        /// `s`: the name that an associate gets if none is chosen.
        package static let suggestedID = "suggested-id"
        /// `s`: first 8 bytes of SHA-256 of the key.
        package static let fingerprint = "fingerprint"
        /// `a{sv}`: who asks; keys in ``Caller``.
        package static let caller = "caller"
        /// `s`: the vault's name.
        package static let vault = "vault"
        /// `s`: the page's host.
        package static let host = "host"
        /// `s`: the form's host.
        package static let submitHost = "submit-host"
        /// `as`: hosts at which a save would make the entry match.
        package static let newHosts = "new-hosts"
        /// `a(sss)`: uuid, title, user name of the first 20 entries.
        package static let entries = "entries"
        /// `u`: how many entries in all.
        package static let entryCount = "entry-count"
        /// `b`: the whole vault or a search rather than one host.
        package static let bulk = "bulk"
        /// `b`: whether a save creates.
        package static let isNew = "new"
        /// `as`: the names of what a save changes.
        package static let fields = "fields"
        /// `s`: the type of the client's request.
        package static let request = "request"
        /// `s`: what a search is for; only there for a search.
        package static let search = "search"
        /// `as`: where a search looks; only there for a search.
        package static let places = "places"
        /// `b`: whether passwords go out.
        package static let passwords = "passwords"
        /// `as`: the names of the string fields that go along.
        package static let fieldNames = "field-names"
        /// `t`: seconds since 1970.
        package static let created = "created"
        /// `t`: seconds since 1970.
        package static let deadline = "deadline"
        /// `s`: with what an allow is confirmed before it counts; left out where it counts at once.
        package static let confirmation = "confirm-with"
        /// `s`: why the last allow was not confirmed, with what to do; left out unless one failed.
        package static let confirmationTrouble = "confirm-trouble"
        /// `s`: of a request that has ended (ListRecent): allowed, denied, expired or withdrawn.
        package static let outcome = "outcome"
        /// `t`: of a request that has ended (ListRecent): seconds since 1970.
        package static let ended = "ended"
        /// `b`: of a request that has ended (ListRecent): whether requests like it are now denied unseen.
        package static let quiet = "quiet"
        /// `t`: of a denied request (ListRecent): until when requests like it are denied unseen; left out if they
        /// aren't.
        package static let quietUntil = "quiet-until"
        /// `t`: of a denied request (ListRecent): until when its program is muted; left out where it isn't.
        package static let mutedUntil = "muted-until"
        /// `as`: of a denied request (ListRecent): the programs that are muted with it; left out where none is.
        package static let muted = "muted"
        /// `b`: of a denied request (ListRecent): it had been allowed, and that was not confirmed; left out where it wasn't.
        package static let unconfirmed = "unconfirmed"
        /// `u`: of a denied request (ListRecent): how many were denied unseen because of it.
        package static let unseen = "unseen"
        /// `s`: of an answered request (ListRecent): by what means it was answered.
        package static let answeredBy = "answered-by"
        /// `s`: of an answered request (ListRecent): for how long the answer was meant: once, session or always.
        package static let scope = "scope"
        /// `as`: of an allowed request (ListRecent): what didn't go out: passwords, fields; absent where all did.
        package static let leftOut = "left-out"
        /// `u`: of an allowed request (ListRecent): how many logins were chosen; absent where all were meant.
        package static let chosenCount = "chosen-count"
        /// `b`: of an allowed request (ListRecent): whoever asked had given up, so that it has to ask again.
        package static let abandoned = "abandoned"
        /// `s`: of an answered request (ListRecent): why the answer isn't kept for as long as it was meant; absent where it
        /// is.
        package static let keepTrouble = "keep-trouble"
        /// `b`: of an answered request (ListRecent): the answer is being kept, `AnswerKept` will tell; absent where it isn't.
        package static let keeping = "keeping"
        /// `s`: of an allowed request (ListRecent): why it could not be carried out; absent where nothing is known of that.
        package static let failure = "failure"
        /// `b`: of an associate: the keyring is locked, and an allow raises its prompt; absent where it isn't.
        package static let unlocksKeyring = "unlocks-keyring"
    }

    /// Keys of the dictionary under ``Detail/caller``.
    package enum Caller {
        /// `u`: the user that owns the connection.
        package static let uid = "uid"
        /// `u`: the asking process; left out when it couldn't be found.
        package static let pid = "pid"
        /// `s`: the executable's path.
        package static let executable = "executable"
        /// `as`: `git (4242)`, then its parents.
        package static let processes = "processes"
        /// `s`: Flatpak or Snap id, empty if none.
        package static let sandbox = "sandbox"
        /// `s`: claimed by the peer itself.
        package static let origin = "origin"
        /// `s`: claimed by the peer itself.
        package static let userAgent = "user-agent"
    }

    /// Keys of the choices that go with an answer.
    package enum Choice {
        /// `s`: the name to give (associate).
        package static let id = "id"
        /// `as`: allow just these uuids (release).
        package static let entries = "entries"
        /// `as`: what to leave out of `passwords` and `fields`; both if it is empty (release).
        package static let fields = "fields"
        /// `s`: once, session or always (release, save).
        package static let scope = "scope"
        /// `u`: how long `session` lasts at most.
        package static let seconds = "seconds"
        /// `u`: deny this program's requests unseen for so long (deny).
        package static let muteSeconds = "mute-seconds"
    }

    /// Keys of an agent's options.
    package enum AgentOption {
        /// `b`: the built-in notifier stays silent about what this agent shows.
        package static let exclusive = "exclusive"
    }

    /// Keys of an agent's dictionary in `ListAgents`.
    package enum Agent {
        /// `s`: the name it registered with.
        package static let name = "name"
        /// `s`: its executable's path.
        package static let executable = "executable"
        /// `b`: whether the built-in notifier stays silent for it.
        package static let exclusive = "exclusive"
        /// `b`: whether it has confirmed any request by `Shown`.
        package static let shown = "shown"
        /// `u`: how many requests that it has confirmed by `Shown`, or that nothing else has shown, were answered.
        package static let answered = "answered"
        /// `u`: how many such requests have expired since one was answered last.
        package static let expired = "expired"
    }

    /// The words of `Answer`.
    package enum Decision {
        /// Yes.
        package static let allow = "allow"
        /// No.
        package static let deny = "deny"
    }
}
