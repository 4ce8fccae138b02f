// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import DisplayText

/// `keybell restrict`: says which part of the vaults a client sees.
struct RestrictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restrict",
        abstract: "Restrict a client to some vaults, groups and hosts.",
        usage: "keybell restrict <client> [<options>]",
        discussion: """
            What isn't in all of them doesn't exist for that client, whatever it asks, and it saves nothing elsewhere. What is \
            named here takes the place of what was named before. Without options it says what the client is restricted to.
            """
    )

    @ArgumentParser.Argument(help: "The client's Id or shown name.", completion: Completions.clients)
    var client: String

    @OptionGroup var part: PartOptions

    @Flag(help: "Restrict it to nothing any more.")
    var everything = false

    @OptionGroup var output: JSONOption

    func validate() throws {
        guard !everything || part.named.isEmpty else {
            throw ValidationError(
                "--everything ends what a client is restricted to: leave out the rest, or it."
            )
        }
    }

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        if everything || !part.named.isEmpty {
            try await daemon.call(
                ClientsInterface.description,
                ClientsInterface.restrict,
                [.string(client), .vardict(part.named.members)]
            )
        }
        let details = try await daemon.client(client)
        guard !output.json else { return Output.json(Self.json(details)) }
        Output.text(Self.told(details))
    }

    static func told(_ client: [String: Value]) -> String {
        "\(client.clientName(ClientsInterface.Key.id, shown: ClientsInterface.Key.name)) sees "
            + (client.restriction.map { "only \($0)." } ?? "everything.")
    }

    private static func json(_ client: [String: Value]) -> JSON {
        let kept = ClientsInterface.Part.all + [ClientsInterface.Key.id, ClientsInterface.Key.unreadable]
        return JSON(members: client.filter { kept.contains($0.key) })
    }
}

/// The options that say which part of the vaults a client sees.
struct PartOptions: ParsableArguments {
    @Option(
        help: "A vault that the client sees; may be given several times. New logins go into the first.",
        completion: Completions.vaults
    )
    var vault: [String] = []

    @Option(
        help: ArgumentHelp(
            "A group that it sees, with the groups in it; may be given several times. New logins go into the first.",
            valueName: "path"
        )
    )
    var group: [String] = []

    @Option(
        help: ArgumentHelp(
            "A host whose logins it sees: example.com, or *.example.com for all below it, too; may be given several times.",
            valueName: "pattern"
        )
    )
    var host: [String] = []

    var named: ClientPart { ClientPart(vaults: vault, groups: group, hosts: host) }
}
