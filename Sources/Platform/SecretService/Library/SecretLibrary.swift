// SPDX-License-Identifier: Apache-2.0

import CLibSecret
import ConcurrencyTools
import Glibc
import SecureMemory

/// libsecret, on a thread of its own: the encrypted session, and the calls that carry a secret through it.
///
/// Its calls block, and so wait for each other, but none longer than its deadline after it was asked for, or after another
/// provider's silence; none of them can raise a prompt.
actor SecretLibrary {
    private let executor = TaskQueue(label: "org.keybell.libsecret")
    private var bus: LibsecretConnection
    private var session: SessionHandle?

    /// Runs on the library's own queue, whose thread a slow provider may hold.
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Nothing is opened until the first call.
    ///
    /// - Parameters:
    ///   - address: The bus's address, or nil for the session bus of the environment.
    ///   - deadline: How long something may take, from the moment on when it is asked for.
    init(address: String?, deadline: Duration) {
        bus = LibsecretConnection(address: address, deadline: deadline)
    }

    /// Fetches the secrets of several items in one call; those that are locked or gone are left out.
    func secrets(
        of paths: [String],
        from owner: String,
        asked: ContinuousClock.Instant = .now
    ) throws(KeyringError) -> [String: SecretBytes] {
        try bus.begin(with: owner, asked: asked)
        let found = try inSession(with: owner) { (session) throws(KeyringError) in
            try secrets(of: paths, in: session)
        }
        let missing = paths.filter { found[$0] == nil }
        guard !missing.isEmpty else { return found }
        // A provider that has lost the session may just give nothing: so what is missing is asked for in a new one.
        session = nil
        let more = try inSession(with: owner) { (session) throws(KeyringError) in
            try secrets(of: missing, in: session)
        }
        return found.merging(more) { $1 }
    }

    private func secrets(
        of paths: [String],
        in session: SessionHandle
    ) throws(KeyringError) -> [String: SecretBytes] {
        let list = unsafe g_strv_builder_new()
        for path in paths { unsafe g_strv_builder_add(list, path) }
        let array = unsafe g_strv_builder_end(list)
        unsafe g_strv_builder_unref(list)
        defer { unsafe g_strfreev(array) }
        let table = try unsafe bus.perform { cancellable, error in
            unsafe array?.withMemoryRebound(to: UnsafePointer<gchar>?.self, capacity: paths.count + 1) {
                unsafe secret_service_get_secrets_for_dbus_paths_sync(session.raw, $0, cancellable, error)
            }
        }
        defer { unsafe g_hash_table_unref(table) }
        var secrets: [String: SecretBytes] = [:]
        for path in paths {
            guard let value = unsafe g_hash_table_lookup(table, path) else { continue }
            secrets[path] = unsafe Self.copy(OpaquePointer(value))
        }
        return secrets
    }

    /// Makes an item.
    ///
    /// Whatever prompt the provider wants for it is handed back, not run.
    ///
    /// - Returns: The new item's path and the prompt's; one of them is `/`.
    func create(
        in collection: String,
        of owner: String,
        label: String,
        attributes: [String: String],
        secret: SecretBytes,
        asked: ContinuousClock.Instant = .now
    ) throws(KeyringError) -> (item: String, prompt: String) {
        try bus.begin(with: owner, asked: asked)
        let reply = try inSession(with: owner) { (session) throws(KeyringError) in
            let table = unsafe g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)
            defer { unsafe g_hash_table_unref(table) }
            for (name, value) in attributes {
                _ = unsafe g_hash_table_insert(table, g_strdup(name), g_strdup(value))
            }
            let sealed = try unsafe seal(secret, for: session)
            return try unsafe bus.call(
                owner,
                collection,
                "org.freedesktop.Secret.Collection",
                "CreateItem",
                keybell_create_item_arguments(label, table, sealed)
            )
        }
        guard let paths = reply.twoPaths else {
            throw .failed("CreateItem was answered by something else than two paths")
        }
        return (paths.first, paths.second)
    }

    /// Gives an item another secret, in place.
    func setSecret(
        _ secret: SecretBytes,
        of item: String,
        from owner: String,
        asked: ContinuousClock.Instant = .now
    ) throws(KeyringError) {
        try bus.begin(with: owner, asked: asked)
        _ = try inSession(with: owner) { (session) throws(KeyringError) in
            let sealed = try unsafe seal(secret, for: session)
            return try unsafe bus.call(
                owner,
                item,
                "org.freedesktop.Secret.Item",
                "SetSecret",
                keybell_set_secret_arguments(sealed)
            )
        }
    }

    /// Asks for items to be unlocked for this connection; the prompt that takes is handed back, not run.
    ///
    /// - Returns: The prompt's path, `/` for none.
    func unlock(
        _ items: [String],
        of owner: String,
        asked: ContinuousClock.Instant = .now
    ) throws(KeyringError) -> String {
        try bus.begin(with: owner, asked: asked)
        let list = unsafe g_strv_builder_new()
        for item in items { unsafe g_strv_builder_add(list, item) }
        let array = unsafe g_strv_builder_end(list)
        unsafe g_strv_builder_unref(list)
        defer { unsafe g_strfreev(array) }
        let arguments = unsafe array?.withMemoryRebound(
            to: UnsafePointer<gchar>?.self,
            capacity: items.count + 1
        ) { unsafe keybell_unlock_arguments($0) }
        let reply = try unsafe bus.call(
            owner,
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service",
            "Unlock",
            unsafe arguments
        )
        guard let prompt = reply.unlockPrompt else {
            throw .failed("Unlock was answered by something else than paths")
        }
        return prompt
    }

    /// Starts a prompt that a call of this connection was given: some providers take it from no other.
    ///
    /// Its end is told by a signal, for which the caller is subscribed already.
    func start(
        prompt: String,
        of owner: String,
        asked: ContinuousClock.Instant = .now
    ) throws(KeyringError) {
        try bus.begin(with: owner, asked: asked)
        _ = try unsafe bus.call(
            owner,
            prompt,
            "org.freedesktop.Secret.Prompt",
            "Prompt",
            keybell_prompt_arguments()
        )
    }

    /// Opens the session, unless it is open.
    ///
    /// - Throws: `.unencrypted` where the provider has no encrypted one, and what else is in its way.
    func openSession(
        with owner: String,
        asked: ContinuousClock.Instant = .now
    ) throws(KeyringError) {
        try bus.begin(with: owner, asked: asked)
        _ = try session(with: owner)
    }

    /// Forgets the session with a provider that has left.
    func forget() {
        session = nil
    }

    // MARK: - Calls

    /// Does something in the session; again in a new one, where the provider has lost it.
    ///
    /// KWallet now and then takes another program's end for ours, several times while several of them end: so each time
    /// after a longer while.
    private func inSession<Outcome>(
        with owner: String,
        _ act: (SessionHandle) throws(KeyringError) -> Outcome
    ) throws(KeyringError) -> Outcome {
        var attempt = 1
        while true {
            do throws(KeyringError) {
                return try act(try session(with: owner))
            } catch .noSession {
                session = nil
                guard attempt <= Self.pauses.count else { throw .noSession }
                // This thread is the library's own.
                usleep(Self.pauses[attempt - 1] * 1000)
                attempt += 1
            } catch {
                throw error
            }
        }
    }

    /// How many milliseconds to wait before each further attempt.
    private static let pauses: [UInt32] = [0, 10, 30, 100, 300, 1000]

    private func session(with owner: String) throws(KeyringError) -> SessionHandle {
        if let session, session.owner == owner, session.isConnected { return session }
        session = nil
        var attempt = 1
        while true {
            do throws(KeyringError) {
                let opened = try bus.openSession(with: owner)
                session = opened
                return opened
            } catch .failed(let reason) {
                // libsecret's public key is shorter now and then, by its leading zeros, and KWallet refuses it.
                guard attempt < 3 else { throw .failed(reason) }
                attempt += 1
            } catch {
                throw error
            }
        }
    }

    /// A secret as the session wants it, floating.
    private func seal(_ secret: SecretBytes, for session: SessionHandle) throws(KeyringError) -> OpaquePointer
    {
        let value = unsafe secret.withUnsafeBytes { bytes in
            unsafe secret_value_new(
                bytes.baseAddress?.assumingMemoryBound(to: gchar.self),
                gssize(bytes.count),
                "text/plain"
            )
        }
        defer { unsafe secret_value_unref(UnsafeMutableRawPointer(value)) }
        guard let sealed = unsafe secret_service_encode_dbus_secret(session.raw, value) else {
            throw .failed("the session could not encrypt a secret")
        }
        return unsafe sealed
    }

    private static func copy(_ value: OpaquePointer) -> SecretBytes {
        var length: gsize = 0
        let text = unsafe secret_value_get(value, &length)
        return unsafe SecretBytes(count: Int(length)) { buffer in
            if let text = unsafe text {
                unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(start: text, count: Int(length)))
            }
            return Int(length)
        }
    }
}
