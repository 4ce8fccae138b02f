// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KeePassHTTP
import SecretService
import SecureMemory
import Settings
import Vault

/// What a git credential helper does, as a client of the protocol with a key of its own.
struct GitHelper: Sendable {
    /// The Id that its key is asked for under, and whose keys are its own.
    static let program = "git"
    /// What no host is called.
    private static let noHost = "keybell-asks-for-no-host"

    let client: ScriptClient
    /// What git has said.
    let given: GitCredential
    /// The address that it is about.
    let url: String

    /// Prints the login that the person allows; nothing where there is none, since git asks for it itself then.
    func get() async throws(ConsoleError) {
        let reply = try await client.ask(
            .getLogins,
            fields: wanted,
            triggerUnlock: true,
            associates: true
        )
        var handouts: GitHandouts?
        do throws(ConsoleError) {
            handouts = try await self.handouts()
        } catch {
            // What the person has just allowed goes out; that it did isn't noted.
        }
        let offered = reply.entries.filter { given.admits(login: $0.login) && !$0.password.isEmpty }
        guard let best = offered.first else { return }
        // Another user's login would have git do as that user what this one was meant to do.
        let same = offered.filter { $0.login.utf8.elementsEqual(best.login.utf8) }
        guard let entry = same.first(where: { handouts?.last(for: used($0))?.mayGoOut ?? true }) else {
            return Output.note(
                "The server has refused the login of \(PlainText.quoted(best.login)): git doesn't get it for an hour, and "
                    + "asks you. Another user's login goes out to a git that names that user, as in "
                    + "https://USER@…"
            )
        }
        guard Self.isOneLine(SecretBytes(utf8: entry.login)), Self.isOneLine(entry.password) else {
            throw .refused(
                "The login \(PlainText.quoted(entry.name)) has a line break or a NUL in it, which git can't take."
            )
        }
        if !entry.login.isEmpty { Output.line("username=" + entry.login) }
        Output.secret(SecretBytes.joining([SecretBytes(utf8: "password="), entry.password]))
        Output.line("")
        handouts?.add(used(entry), uuid: await changeable(entry))
    }

    /// Has the person asked to save what has worked, unless it is there already.
    func store() async throws(ConsoleError) {
        guard let password = given.password, !password.isEmpty, !given.username.isEmpty, !given.isTemporary,
            let handouts = try await handouts()
        else { return }
        let uuid: String?
        if let last = handouts.last(for: given) {
            uuid = last.uuid
            // It works after all if it was refused before.
            guard !last.isSame else { return handouts.add(given, uuid: uuid) }
        } else {
            let logins = try await client.fetch(
                .getLogins,
                thing: "login",
                page: url,
                fields: wanted,
                triggerUnlock: true
            )
            let stored = logins.entries.first { given.admits(login: $0.login) }
            guard stored?.password != password else { return }
            // What the person doesn't let git see isn't saved a second time.
            guard await logins.isNoneThere() || !logins.entries.isEmpty else { return }
            uuid = if let stored { await changeable(stored) } else { nil }
        }
        let saved: String?
        do throws(ConsoleError) {
            saved = try await save(password, as: uuid)
        } catch .nothing where uuid != nil {
            // Somebody has deleted it meanwhile.
            saved = try await save(password, as: nil)
        }
        handouts.add(given, uuid: saved)
    }

    /// Has the person asked about a new password of a login, or about a new login, and gives its uuid.
    private func save(_ password: SecretBytes, as uuid: String?) async throws(ConsoleError) -> String? {
        let texts =
            uuid.map { [("Uuid", $0)] }
            ?? [("Url", url), ("Login", given.username)] + (given.title.map { [("Name", $0)] } ?? [])
        return try await client.ask(
            .setLogin,
            fields: texts.map { ($0.0, SecretBytes(utf8: $0.1)) } + [("Password", password)],
            triggerUnlock: true
        ).uuid
    }

    /// Notes that a server has refused what it got from here, so that git asks for another password.
    ///
    /// The login stays in the vault: a server refuses logins for other reasons, too, and the protocol can't delete.
    func erase() async throws(ConsoleError) {
        // Somebody who has mistyped a password hasn't had it from here.
        guard let handouts = try await handouts(), let last = handouts.last(for: given), last.isSame else {
            return
        }
        handouts.add(given, uuid: last.uuid, isRefused: true)
        let place = PlainText.quoted(PageAddress(loose: url)?.hostAndPort ?? url)
        Output.note(
            "The server \(place) has refused the login that Keybell gave out. It stays in your vault as it is, and git "
                + "doesn't get it for an hour. Try again: git gets another login of that user that you have there, or asks "
                + "you, and you are asked whether to save what works."
        )
    }

    /// What git brings back of a login that it gets.
    private func used(_ entry: ReplyEntry) -> GitCredential {
        var used = given
        (used.username, used.password) = (entry.login, entry.password)
        return used
    }

    /// What a login is asked for by: the page and, where git names one, the user, so that nobody else's is asked about.
    private var wanted: [(name: String, value: SecretBytes)] {
        let user = given.username.isEmpty ? [] : [("Login", SecretBytes(utf8: given.username))]
        return [("Url", SecretBytes(utf8: url))] + user
    }

    /// The login whose password may be replaced: one that is for just this host, and where git goes by paths for this one.
    private func changeable(_ entry: ReplyEntry) async -> String? {
        if let title = given.title { return title == entry.name ? entry.uuid : nil }
        guard let page = PageAddress(loose: url) else { return nil }
        // Keybell's own have that title.
        if entry.name == page.hostAndPort { return entry.uuid }
        return await isFoundElsewhere(entry, than: page) ? nil : entry.uuid
    }

    /// Whether a login may be one of the whole domain, or of a pattern.
    ///
    /// Then a host without logins of its own, beside this one, is offered it, too; nobody is asked about a mere count.
    private func isFoundElsewhere(_ entry: ReplyEntry, than page: PageAddress) async -> Bool {
        guard let beside = page.beside(label: Self.noHost) else { return false }
        // What can't be found out may be so.
        let reply = try? await client.ask(
            .getLoginsCount,
            fields: [("Url", SecretBytes(utf8: beside)), ("Login", SecretBytes(utf8: entry.login))]
        )
        return reply?.count != 0
    }

    /// What git has got; nil where it was never let in, so that it has got nothing.
    private func handouts() async throws(ConsoleError) -> GitHandouts? {
        guard let item = try await client.keys.items(id: client.id).first else { return nil }
        return GitHandouts(
            folder: Folders.ofProcess().state,
            key: try await client.keys.key(in: item).key.bytes,
            now: Moment.now()
        )
    }

    private static func isOneLine(_ value: SecretBytes) -> Bool {
        value.withSpan { span in span.indices.allSatisfy { ![0, 10, 13].contains(span[$0]) } }
    }
}
