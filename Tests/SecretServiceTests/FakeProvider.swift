// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport

/// Something that owns the Secret Service's name and behaves as a test wants it to.
struct FakeProvider {
    /// What it does when it is called.
    enum Answer: Sendable {
        /// Never answers.
        case silence
        /// Answers as a good provider does.
        case service
    }

    /// What its prompts do.
    enum PromptEnd: Sendable {
        /// The person answers, and the word of that comes before the answer to `Prompt`.
        case unlocksAtOnce
        /// The person closes it.
        case dismissed
        /// Nobody answers.
        case never
        /// The provider leaves the bus.
        case providerLeaves
    }

    static let collection: ObjectPath = "/org/freedesktop/secrets/collection/fake"
    static let item: ObjectPath = "/org/freedesktop/secrets/collection/fake/1"
    private static let root: ObjectPath = "/org/freedesktop/secrets"
    private static let prompt: ObjectPath = "/org/freedesktop/secrets/prompt/p1"

    let connection: BusConnection
    let isLocked = Observed(true)
    /// The members that were called, in order.
    let calls = Observed<[String]>([])

    init(
        on bus: PrivateBus,
        alias: ObjectPath = collection,
        locked: Answer = .service,
        isLocked: Bool = true,
        session: Answer = .service,
        isEncrypted: Bool = true,
        prompt: PromptEnd = .never
    ) async throws {
        connection = try await bus.connect()
        self.isLocked.update { $0 = isLocked }
        await connection.export(service(alias: alias, session: session, isEncrypted: isEncrypted))
        await connection.export(collection(locked: locked))
        await connection.export(promptObject(prompt))
        await connection.export(item())
        _ = try await connection.requestName("org.freedesktop.secrets")
    }

    /// Waits for as long as anybody could care.
    private static func never() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }

    private func service(alias: ObjectPath, session: Answer, isEncrypted: Bool) -> ExportedObject {
        ExportedObject(
            path: Self.root,
            interfaces: [
                ExportedInterface(
                    name: "org.freedesktop.Secret.Service",
                    methods: [
                        Method("ReadAlias", in: [Argument("name", "s")], out: [Argument("collection", "o")]) {
                            [calls] _ in
                            calls.update { $0.append("ReadAlias") }
                            return [.objectPath(alias)]
                        },
                        Method(
                            "Unlock",
                            in: [Argument("objects", "ao")],
                            out: [Argument("unlocked", "ao"), Argument("prompt", "o")]
                        ) { [calls] _ in
                            calls.update { $0.append("Unlock") }
                            return [.array("o", []), .objectPath(Self.prompt)]
                        },
                        FakeSession.open(isEncrypted: isEncrypted) { [calls] in
                            calls.update { $0.append("OpenSession") }
                            if session == .silence { await Self.never() }
                        },
                        Method(
                            "CreateCollection",
                            in: [Argument("properties", "a{sv}"), Argument("alias", "s")],
                            out: [Argument("collection", "o"), Argument("prompt", "o")]
                        ) { [calls] _ in
                            calls.update { $0.append("CreateCollection") }
                            return [.objectPath(Self.collection), .objectPath("/")]
                        },
                    ],
                    properties: [
                        Property("Collections", "ao") { _ in .array("o", [.objectPath(Self.collection)]) }
                    ]
                )
            ]
        )
    }

    private func collection(locked: Answer) -> ExportedObject {
        ExportedObject(
            path: Self.collection,
            interfaces: [
                ExportedInterface(
                    name: "org.freedesktop.Secret.Collection",
                    methods: [
                        Method(
                            "CreateItem",
                            in: [
                                Argument("properties", "a{sv}"), Argument("secret", "(oayays)"),
                                Argument("replace", "b"),
                            ],
                            out: [Argument("item", "o"), Argument("prompt", "o")]
                        ) { [calls] _ in
                            calls.update { $0.append("CreateItem") }
                            return [.objectPath("/"), .objectPath(Self.prompt)]
                        }
                    ],
                    properties: [
                        Property("Locked", "b") { [isLocked] _ in
                            if locked == .silence { await Self.never() }
                            return .boolean(isLocked.now)
                        },
                        Property("Label", "s") { _ in .string("Fake") },
                    ]
                )
            ]
        )
    }

    /// An item whose deletion is to be confirmed.
    private func item() -> ExportedObject {
        let delete = Method("Delete", out: [Argument("prompt", "o")]) { [calls] _ in
            calls.update { $0.append("Delete") }
            return [.objectPath(Self.prompt)]
        }
        let interface = ExportedInterface(name: "org.freedesktop.Secret.Item", methods: [delete])
        return ExportedObject(path: Self.item, interfaces: [interface])
    }

    private func promptObject(_ end: PromptEnd) -> ExportedObject {
        ExportedObject(
            path: Self.prompt,
            interfaces: [
                ExportedInterface(
                    name: "org.freedesktop.Secret.Prompt",
                    methods: [
                        Method("Prompt", in: [Argument("window", "s")]) {
                            [calls, isLocked, connection] _ async throws(DBusError) in
                            calls.update { $0.append("Prompt") }
                            switch end {
                            case .never: break
                            case .providerLeaves: await connection.close()
                            case .unlocksAtOnce, .dismissed:
                                let isDismissed = end == .dismissed
                                if !isDismissed { isLocked.update { $0 = false } }
                                try await connection.emit(
                                    Self.prompt,
                                    "org.freedesktop.Secret.Prompt",
                                    "Completed",
                                    [.boolean(isDismissed), .variant(.string(""))]
                                )
                            }
                            return []
                        },
                        Method("Dismiss") { [calls] _ in
                            calls.update { $0.append("Dismiss") }
                            return []
                        },
                    ]
                )
            ]
        )
    }
}
