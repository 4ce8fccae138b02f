// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import ConcurrencyTools
import Linux

/// `git-credential-keybell`: a credential helper of git's (gitcredentials(7)).
struct GitCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "git-credential-keybell",
        abstract: "Give git the logins that you allow, and offer to save those that you type.",
        usage: "git-credential-keybell [<options>] <operation>",
        discussion: """
            git runs it, once you have said `git config --global credential.helper keybell` (with options: \
            "keybell --port 19501"). The first time you are asked to let git in. Its key is kept in your keyring, as an \
            item of schema org.keybell.OwnKey.

            get prints the login for an address, of the user whom git names, else the best match. store asks you to save \
            what has worked and isn't there yet. erase deletes nothing: a login that a server has refused is kept back \
            from git for an hour, so that git asks you.

            Exit codes: 0 done, there is nothing, or you have said no; 1 it couldn't be done, 2 wrong usage, 3 the \
            daemon isn't there. git then asks you itself.
            """,
        version: KeybellVersion.text
    )

    /// What git wants.
    private enum Operation: String {
        case get, store, erase
    }

    @Argument(help: "get, store or erase; git may come to have others, and nothing is done for them.")
    var operation: String

    @OptionGroup var options: ClientOptions

    /// Longer than a question waits, and the one before it about the key.
    private static let patience = Duration.seconds(300)

    func run() async throws {
        guard let operation = Operation(rawValue: operation) else { return }
        let given = try GitCredential.read { () throws(ConsoleError) in
            do throws(SystemCallError) {
                return try StandardInput.readByte()
            } catch {
                throw .refused("Standard input can't be read: \(error.words).")
            }
        }
        guard let url = given.url else { return }
        do {
            try await withDeadline(Self.patience) { [options] in
                let client = try await ScriptClient.make(options, for: GitHelper.program)
                let helper = GitHelper(client: client, given: given, url: url)
                switch operation {
                case .get: try await helper.get()
                case .store: try await helper.store()
                case .erase: try await helper.erase()
                }
            }
        } catch ConsoleError.denied {
            // git goes on without it.
        } catch ConsoleError.refused(let text) where operation == .get {
            Output.complaint(text)
        } catch is DeadlineExceeded {
            throw ConsoleError.refused("Nobody has answered Keybell in time, so git goes on without it.")
        }
    }
}
