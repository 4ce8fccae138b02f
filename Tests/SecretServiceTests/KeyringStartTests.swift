// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import SecureMemory
import TestSupport
import Testing

@testable import SecretService

/// Who starts a provider where the bus could, as it can on every desktop with gnome-keyring.
@Suite struct KeyringStartTests {
    @Test func `a provider that has left is replaced by none, whoever looks, and may come back`() async throws
    {
        let activation = try await ActivatableKeyring()
        let first = try await GnomeKeyring(on: activation.bus)
        let keyring = try await KeyringFixture.keyring(on: activation.bus)
        let log = EventLog(keyring)
        defer { log.stop() }
        #expect(await keyring.state() == .unlocked)
        try await first.stop()
        try await log.wait(for: .providerLeft)
        #expect(await keyring.state() == .locked)
        await #expect(throws: KeyringError.locked) { try await keyring.items(schema: "x") }
        await keyring.startFirst()
        let report = await keyring.doctor()
        #expect(report.state == .noProvider && report.canBeStarted)
        #expect(!activation.hasStarted)
        let second = try await GnomeKeyring(on: activation.bus)
        try await log.wait(for: .unlocked)
        #expect(await keyring.state() == .unlocked)
        #expect(!activation.hasStarted)
        try await second.stop()
    }

    @Test func `gnome-keyring can be replaced by one that is open`() async throws {
        let activation = try await ActivatableKeyring()
        let first = try await GnomeKeyring(on: activation.bus)
        let keyring = try await KeyringFixture.keyring(on: activation.bus)
        let log = EventLog(keyring)
        defer { log.stop() }
        try await first.lock()
        #expect(await keyring.state() == .locked)
        let second = try await GnomeKeyring(on: activation.bus, replacing: true)
        try await log.wait(for: .unlocked)
        #expect(await keyring.doctor().pid == second.pid)
        #expect(!activation.hasStarted)
        try await second.stop()
    }

    @Test func `an unlock starts one, but waits for one that has just left`() async throws {
        let activation = try await ActivatableKeyring()
        let first = try await GnomeKeyring(on: activation.bus)
        let keyring = try await KeyringFixture.keyring(on: activation.bus, comeback: .seconds(20))
        let log = EventLog(keyring)
        defer { log.stop() }
        #expect(await keyring.state() == .unlocked)
        try await first.stop()
        try await log.wait(for: .providerLeft)
        let unlock = Task { try await keyring.unlock() }
        let second = try await GnomeKeyring(on: activation.bus)
        try await unlock.value
        #expect(!activation.hasStarted)
        try await second.stop()

        let impatient = try await KeyringFixture.keyring(on: activation.bus, comeback: .zero)
        // Nobody can type its password here.
        await #expect(throws: KeyringError.self) { try await impatient.unlock() }
        #expect(activation.hasStarted)
        try await activation.end()
    }

    @Test func `where none has been there, a look starts none and a client's request does`() async throws {
        let activation = try await ActivatableKeyring()
        let keyring = try await KeyringFixture.keyring(on: activation.bus)
        #expect(await keyring.state() == .locked)
        _ = await keyring.doctor()
        #expect(!activation.hasStarted)
        await keyring.startFirst()
        #expect(activation.hasStarted)
        #expect(await keyring.state() == .noCollection)
        try await activation.end()
    }

    @Test func `another program than before is remembered`() async throws {
        let session = try await KeyringSession()
        let memory = ProviderMemory(folder: session.bus.folder.path("memory"))
        let keyring = try await KeyringFixture.keyring(on: session.bus, memory: memory)
        let log = EventLog(keyring)
        defer { log.stop() }
        #expect(await keyring.state() == .unlocked)
        try await withDeadline(.seconds(20)) {
            while memory.read() == nil { try await pause(.milliseconds(10)) }
        }
        #expect(memory.read()?.name == "gnome-keyring" && memory.read()?.former == nil)
        try await session.gnome.stop()
        let other = try await FakeProvider(on: session.bus, isLocked: false)
        try await log.wait(for: .providerAppeared)
        try await withDeadline(.seconds(20)) {
            while memory.read()?.former == nil { try await pause(.milliseconds(10)) }
        }
        #expect(memory.read()?.former == "gnome-keyring")
        await other.connection.close()
    }
}
