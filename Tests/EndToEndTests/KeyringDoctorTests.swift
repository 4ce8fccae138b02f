// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KeePassHTTP
import Testing
import TestSupport

/// Keyrings that aren't set up yet: what the client, the log and `keybell doctor` say.
struct KeyringDoctorTests {
    @Test(arguments: [
        (KeyringKind.gnomeKeyring, "Make a keyring in Seahorse"),
        (.keePassXC, "Open a database in KeePassXC"),
        (.kwallet, "Make a wallet in KWalletManager"),
    ])
    func `a keyring without a collection is told of, and none is made unasked`(
        kind: KeyringKind,
        advice: String
    ) async throws {
        let keyring = try await ProviderSession(kind, .empty)
        let session = try await DaemonSession(on: keyring.bus)
        let client = ClientProgram(session)
        let reply = try await BusAnswerer(session).answering { try await client.ask(.associate) }
        #expect(!reply.success)
        #expect(reply.error?.contains("no such collection") == true, "\(reply)")
        try await session.daemon.prints("error: the keyring can't be used")
        let doctor = try await session.keybell("doctor")
        #expect(doctor.status == 1)
        #expect(
            doctor.output.contains("ok    Secret Service: \(kind.rawValue), process \(keyring.provider.pid)")
        )
        #expect(doctor.output.contains("FAIL  Keyring: there is no default collection"), "\(doctor.output)")
        #expect(doctor.output.contains(advice), "\(doctor.output)")
        if let kwallet = keyring.provider as? KWalletKeyring {
            // Its wizard would be up by now, had anybody asked for a collection. The person makes the wallet.
            #expect(try await !kwallet.asks())
            try await kwallet.makeWallet()
            let letIn = try await BusAnswerer(session).answering { try await client.ask(.associate) }
            #expect(letIn.success)
        }
    }

    @Test(arguments: [(KeyringKind.keePassXC, "turn on Tools, Settings"), (.kwallet, "apiEnabled=true")])
    func `a program that could offer the keyring but doesn't is named`(kind: KeyringKind, advice: String)
        async throws
    {
        let keyring = try await ProviderSession(kind, .idle)
        let session = try await DaemonSession(on: keyring.bus, starting: false)
        let doctor = try await session.keybell("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("FAIL  Secret Service: nobody offers it"), "\(doctor.output)")
        #expect(doctor.output.contains(advice), "\(doctor.output)")
    }

    @Test func `a configured collection that there isn't is named, with those that there are`() async throws {
        let keyring = try await ProviderSession(.keePassXC)
        let session = try await DaemonSession(
            "[keyring]\ncollection = \"nowhere\"\n",
            on: keyring.bus,
            starting: false
        )
        let doctor = try await session.keybell("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("there is no collection \"nowhere\""), "\(doctor.output)")
        #expect(doctor.output.contains("[keyring] collection: \"Passwords\""), "\(doctor.output)")
    }

    @Test func `whoever offers the keyring may be restarted: Keybell has the bus start no other meanwhile`()
        async throws
    {
        let activatable = try await ActivatableKeyring()
        let first = try await GnomeKeyring(on: activatable.bus)
        let session = try await DaemonSession(on: activatable.bus)
        let client = try await ClientProgram.associated(with: session, as: "one")
        try await first.lock()
        // What Keybell's advice says for a locked keyring without a display.
        let second = try await GnomeKeyring(on: activatable.bus, replacing: true)
        try await session.daemon.prints("A Secret Service has come to the bus")
        #expect(try session.daemon.soFar.errors.contains("program=\"gnome-keyring\""))
        try await withDeadline(.seconds(20)) {
            while try await !client.ask(.testAssociate).success { try await pause(.milliseconds(100)) }
        }
        try await second.stop()
        try await session.daemon.prints("The Secret Service has left the bus")
        // None of these starts another one.
        #expect(try await session.keybell("status").status == 0)
        let doctor = try await session.keybell("doctor")
        #expect(doctor.output.contains("warn  Secret Service: isn't running"), "\(doctor.output)")
        #expect(try await !client.ask(.testAssociate).success)
        #expect(!activatable.hasStarted)
        let third = try await GnomeKeyring(on: activatable.bus)
        try await withDeadline(.seconds(20)) {
            while try await !client.ask(.testAssociate).success { try await pause(.milliseconds(100)) }
        }
        #expect(!activatable.hasStarted)
        try await third.stop()
    }
}
