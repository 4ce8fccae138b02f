// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import KeePassHTTP
import SecureMemory
import Vault

/// What a `set-login` asks for, decrypted; or that the counter of a login's one-time codes moves on.
struct SaveRequest: Sendable {
    let draft: LoginDraft
    /// The host of the client's own Url, and of its SubmitUrl where that is another.
    let host: String?
    let submitHost: String?
    /// The schemes of both, where they have one.
    private let pageScheme: String?
    private let submitScheme: String?
    /// What may be shown of the client's Url where no host can be read from it, so that the person sees it anyway.
    let unreadableURL: String?
    /// Everything that makes two saves the same, including secrets.
    let parts: [SecretBytes]
    /// Whether a one-time code goes out, which this uses up.
    let usesCode: Bool

    /// The save that goes along with a login's one-time code by a counter, whatever the counter is by then.
    init(countingCodesOf login: LoginID) {
        draft = LoginDraft(id: login, fields: [CounterCode.counterField: SecretBytes(utf8: "")])
        (host, submitHost, pageScheme, submitScheme, unreadableURL) = (nil, nil, nil, nil, nil)
        parts = [SecretBytes(utf8: login.hex), SecretBytes(utf8: CounterCode.counterField)]
        usesCode = true
    }

    init(_ verified: VerifiedRequest) throws(Refusal) {
        let (uuid, login, name) = (verified.text("Uuid"), verified.text("Login"), verified.text("Name"))
        let (url, submit, realm) = (verified.text("Url"), verified.text("SubmitUrl"), verified.text("Realm"))
        let password = verified.secret("Password")
        let fieldsSent = verified.fields.stringFields.map { (name: $0.name, value: $0.value) }

        if [uuid, login, name, url].allSatisfy({ $0 == nil }), password == nil, fieldsSent.isEmpty {
            throw .invalid(.missing("Url"))
        }
        // A change says what the address is to be; a new login is for the site, not for one page of it.
        let address = uuid == nil ? url.map { Self.withoutQuery($0) } : url
        let sent = SentLogin(
            texts: [login, name, url, submit, realm].compactMap(\.self),
            url: address,
            password: password,
            fields: fieldsSent
        )
        if let refusal = sent.refusal { throw .forbidden(refusal) }
        // Of what is said twice, the last counts.
        let fields = Dictionary(fieldsSent.map { ($0.name, $0.value) }) { $1 }
        let id = try Self.id(uuid)
        let page = url.flatMap { PageAddress(loose: $0) }
        let host = page?.hostAndPort
        let target = submit.flatMap { PageAddress($0) }
        let submitted = target?.hostAndPort
        pageScheme = page?.scheme?.name
        submitScheme = target?.scheme?.name
        unreadableURL = host == nil ? url.map(UnclearAddress.place) : nil
        let named = unreadableURL.flatMap { $0 == UnclearAddress.unreadable ? nil : $0 }
        let submitHost = submitted == host ? nil : submitted
        let ownGroup = verified.client.restriction.groups.first
        draft = LoginDraft(
            id: id,
            username: login,
            password: password,
            url: address,
            title: name ?? (id == nil ? host ?? named ?? login ?? unreadableURL ?? "" : nil),
            group: ownGroup ?? verified.rules.saveGroup,
            isGroupPath: ownGroup != nil,
            realm: realm,
            allowHosts: submitHost.map { [$0] } ?? [],
            fields: fields
        )
        usesCode = false
        self.host = host
        self.submitHost = submitHost
        let texts = [uuid, login, name, url, submit, realm].map { SecretBytes(utf8: $0 ?? "") }
        parts =
            [password ?? SecretBytes(utf8: "")] + texts
            + fields.sorted { $0.key < $1.key }.flatMap { name, value in
                [
                    SecretBytes(utf8: name), SecretBytes(utf8: value == nil ? "-" : "+"),
                    value ?? SecretBytes(utf8: ""),
                ]
            }
    }

    /// A new entry as the person is asked about it.
    var line: EntryLine {
        EntryLine(uuid: "", title: draft.title ?? "", username: draft.username ?? "")
    }

    /// Where the page's form goes, for the key of a grant: as the client says, for a stored entry, too.
    func form(at place: String, of stored: Login?) -> GrantKey.Form {
        let target = submitHost ?? host
        let own = stored.flatMap { PageAddress(loose: $0.matchedURL)?.scheme?.name }
        return GrantKey.Form(
            submitHost: target == place ? nil : target,
            pageScheme: pageScheme ?? submitScheme ?? own,
            submitScheme: submitScheme
        )
    }

    private static func id(_ text: String?) throws(Refusal) -> LoginID? {
        guard let text else { return nil }
        guard let id = LoginID(hex: text) else { throw .vault(.notFound) }
        return id
    }

    private static func withoutQuery(_ url: String) -> String {
        // By bytes: as a Character, a question mark followed by a combining mark isn't one.
        String(Substring(url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }))
    }
}
