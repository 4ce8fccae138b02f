// SPDX-License-Identifier: Apache-2.0

/// What the person has decided beyond a single request, as a value: rules without a keyring or a clock.
///
/// A later decision about an entry takes the place of an earlier one for the same key.
struct GrantTable: Sendable, Equatable {
    private(set) var grants: [Grant] = []

    /// Looks up the decisions about entries.
    ///
    /// For many the decisions are gone through once for all of them: there can be thousands of both.
    ///
    /// - Parameters:
    ///   - subjects: What they are about.
    ///   - now: The time.
    ///   - isKnown: Whether what is stored under a fingerprint is what is in the keyring now. If not, a denial last
    ///     known still counts, but an allow only if it was given for just this, in this session.
    /// - Returns: A decision for each, in their order.
    func decisions(
        on subjects: [GrantSubject],
        now: ContinuousClock.Instant,
        isKnown: (_ fingerprint: String) -> Bool
    ) -> [GrantDecision] {
        guard subjects.count > Self.few else {
            return subjects.map { subject in
                // By their places, for most grants needn't be copied.
                let places = grants.indices.filter { grants[$0].key.isAlike(subject.key) }
                let alike = places.map { grants[$0] }.filter { !$0.isOver(at: now) }
                return Self.decision(on: subject, among: alike, isKnown: isKnown(subject.key.fingerprint))
            }
        }
        let fingerprints = Set(subjects.map(\.key.fingerprint))
        let valid = grants.filter { fingerprints.contains($0.key.fingerprint) && !$0.isOver(at: now) }
        let alike = Dictionary(grouping: valid, by: \.key.anyForm)
        return subjects.map { subject in
            Self.decision(
                on: subject,
                among: alike[subject.key.anyForm] ?? [],
                isKnown: isKnown(subject.key.fingerprint)
            )
        }
    }

    private static let few = 4

    private static func decision(
        on subject: GrantSubject,
        among valid: [Grant],
        isKnown: Bool
    ) -> GrantDecision {
        let (key, entry) = (subject.key, subject.entry)
        let last = valid.decision(on: key, entry: entry)
        if last == false { return .denied }
        guard !isKnown else { return last == true ? .allowed : .undecided }
        let word = valid.last { $0.isForSession && $0.key == key && $0.covers(entry) }
        return word?.allows == true ? .allowed : .unknown
    }

    /// Remembers a decision; earlier ones about the same entries are gone.
    ///
    /// One for this session leaves what is kept for always as it is: being the later one it counts, until it ends.
    mutating func remember(_ grant: Grant) {
        if let entries = grant.entries, entries.isEmpty { return }
        for index in grants.indices where grant.replaces(grants[index]) {
            if let entries = grant.entries {
                grants[index].entries?.subtract(entries)
            } else {
                grants[index].entries = []
            }
        }
        grants.removeAll { $0.entries?.isEmpty == true }
        grants.append(grant)
    }

    /// Forgets everything that was decided for a key; says whether there was anything.
    @discardableResult
    mutating func forget(fingerprint: String) -> Bool {
        let before = grants.count
        grants.removeAll { $0.key.fingerprint == fingerprint }
        return grants.count != before
    }

    /// Forgets one grant of a key by its name.
    mutating func forget(fingerprint: String, name: String) -> Bool {
        let before = grants.count
        grants.removeAll { $0.key.fingerprint == fingerprint && $0.name == name }
        return grants.count != before
    }

    /// Ends what was meant for this session only, for one vault or for all; says whether there was anything.
    @discardableResult
    mutating func endSessions(ofVault vault: String?) -> Bool {
        let before = grants.count
        grants.removeAll { $0.isForSession && (vault == nil || $0.key.vault == vault) }
        return grants.count != before
    }

    /// Drops what has run out.
    mutating func dropOver(at now: ContinuousClock.Instant) {
        grants.removeAll { $0.isOver(at: now) }
    }

    /// Takes over what was stored for a key, beside what is decided for this session.
    mutating func adopt(_ stored: [Grant], fingerprint: String) {
        grants.removeAll { $0.key.fingerprint == fingerprint && !$0.isForSession }
        grants = stored.filter { $0.key.fingerprint == fingerprint } + grants
    }

    /// Takes over all that was stored; what was known of the keys in `sealed`, which couldn't be read, stays.
    mutating func adopt(_ stored: [Grant], sparing sealed: Set<String>) {
        grants.removeAll { !$0.isForSession && !sealed.contains($0.key.fingerprint) }
        grants = stored.filter { !sealed.contains($0.key.fingerprint) } + grants
    }

    /// What is decided for a key.
    func grants(of fingerprint: String) -> [Grant] {
        grants.filter { $0.key.fingerprint == fingerprint }
    }
}

extension Grant {
    /// Whether it ends with the session.
    package var isForSession: Bool {
        if case .session = scope { true } else { false }
    }

    /// The same, until the session ends.
    var forSession: Grant {
        guard !isForSession else { return self }
        var grant = self
        grant.scope = .session(expires: nil)
        return grant
    }

    /// Whether what it says about its entries replaces what another one says.
    func replaces(_ earlier: Grant) -> Bool {
        guard !isForSession || earlier.isForSession else { return false }
        return key == earlier.key || (earlier.key.form == nil && key.isAlike(earlier.key))
    }

    func covers(_ entry: String) -> Bool {
        entries?.contains(entry) ?? true
    }

    func isOver(at now: ContinuousClock.Instant) -> Bool {
        if case .session(let expires?) = scope { expires <= now } else { false }
    }
}

extension BidirectionalCollection where Element == Grant {
    /// The decision among these, the latest last, that covers an entry.
    ///
    /// What was decided for just this form comes first. Otherwise a denial holds for anything no better than what was
    /// denied, and an allow by http for the same by https; never an allow for anything worse.
    package func decision(on key: GrantKey, entry: String) -> Bool? {
        if let exact = last(where: { $0.key == key && $0.covers(entry) }) { return exact.allows }
        guard let form = key.form else { return nil }
        let alike = filter { $0.key.isAlike(key) && $0.covers(entry) }
        if alike.contains(where: { !$0.allows && $0.key.form?.isNoWorse(than: form) ?? true }) {
            return false
        }
        let isPlainlyAllowed = alike.contains { $0.allows && $0.key.form == form.byHTTP }
        return form.scheme == "https" && isPlainlyAllowed ? true : nil
    }
}

extension GrantKey.Form {
    fileprivate var byHTTP: GrantKey.Form { GrantKey.Form(submitHost: submitHost, scheme: "http") }

    /// Whether a person who refuses this one would refuse the other all the more: it goes elsewhere, or unencrypted.
    fileprivate func isNoWorse(than other: GrantKey.Form) -> Bool {
        (submitHost == nil || submitHost == other.submitHost) && (scheme == "https" || scheme == other.scheme)
    }
}
