// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Clients
import DBus
import DisplayText

/// The decisions that go on denying what was asked, as `keybell grants` lists them.
struct RememberedDenials {
    private typealias Key = ClientsInterface.GrantKey
    private var denials: [[String: Value]] = []

    /// Takes those among a list of grants.
    init(among grants: [[String: Value]] = []) {
        denials = grants.filter {
            $0[Key.decision]?.asString == "deny" && $0[Key.undeleted]?.asBool != true
        }
    }

    /// Those of all clients, if any of these requests was denied for longer than once.
    static func behind(_ requests: [RequestDetails], _ daemon: DaemonBus) async -> RememberedDenials {
        guard requests.contains(where: \.isDeniedForLong),
            // If it can't be asked now, nothing is said.
            let answer = try? await daemon.call(
                ClientsInterface.description,
                ClientsInterface.grants,
                [.string("")],
                starts: false
            )
        else { return RememberedDenials() }
        return RememberedDenials(among: dictionaries(answer))
    }

    /// What makes requests like this one be shown again; nil where no decision denies them.
    func end(of request: RequestDetails) -> String? {
        guard request.isDeniedForLong else { return nil }
        let own = denials.filter { Self.denies($0, request) }
        guard let denial = own.first else { return nil }
        let client = ShellWord.quoting(denial.cleanText(Key.client))
        guard own.count == 1 else { return "`keybell grants \(client)` lists what to forget." }
        return "`keybell forget \(client) \(ShellWord.quoting(denial.cleanText(Key.key)))` ends that."
    }

    private static func denies(_ denial: [String: Value], _ request: RequestDetails) -> Bool {
        typealias Detail = ApprovalInterface.Detail
        let isNew = request.members[Detail.isNew]?.asBool ?? false
        let kind =
            request.kind == .save ? (isNew ? GrantKey.Kind.create : .change).rawValue : request.kind?.rawValue
        let host = denial[Key.host]?.asString.map { PlainText.host($0) } ?? ""
        guard denial[Key.client]?.asString == request.members[Detail.client]?.asString,
            denial[Key.kind]?.asString == kind
        else { return false }
        // A request for a title has no host.
        return request.members.cleanText(Detail.host).isEmpty
            || host == request.members.cleanText(Detail.host)
    }
}

extension RequestDetails {
    /// Whether it was denied for longer than once.
    fileprivate var isDeniedForLong: Bool { outcome == .denied && (scope == .session || scope == .always) }
}
