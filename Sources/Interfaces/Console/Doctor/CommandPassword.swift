// SPDX-License-Identifier: Apache-2.0

import DBus
import DisplayText
import Passwords
import SecretService
import SecureMemory
import Vault

/// What a vault's `password_command` prints, as the daemon would have it run.
enum CommandPassword {
    static func run(_ command: [String], vault: String, path: String) async throws(ConsoleError)
        -> SecretBytes
    {
        var options = VaultPasswordSource.Options()
        options.command = command
        let source = VaultPasswordSource(
            vault: vault,
            path: path,
            options: options,
            // Never asked, since there is a command.
            keyring: .quiet(try await DaemonBus.connect().bus, collection: "default"),
            logger: .silent
        )
        do throws(VaultError) {
            // With a command there is always one.
            return try await source.password(attempt: 1, for: UnlockReason(program: "keybell doctor"))
                ?? SecretBytes(utf8: "")
        } catch .passwordUnavailable(let text) {
            throw .refused(text)
        } catch {
            throw .refused("password_command gave no password")
        }
    }
}
