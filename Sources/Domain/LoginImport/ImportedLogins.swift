// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Glibc
import Linux
import LoginExport
import SecureMemory
import Vault

/// The logins of an import, as they wait for being stored.
struct ImportedLogins: ~Copyable {
    /// One of them.
    enum Item {
        case login(LoginIdentity, LoginContent, SealedDraft)
        case refused(String)
    }

    /// More are no person's, and no file's that a vault opens quickly.
    static let most = 50_000
    /// How many bytes of passwords, notes and fields they may have together.
    static let mostBytes = 64 << 20
    /// How long it waits for the next bytes.
    private static let nextTimeout = Duration.seconds(60)
    /// How long all of them may take.
    private static let timeout = Duration.seconds(600)

    /// In the order in which they came.
    private(set) var items: [Item] = []
    private var sealedCount = 0
    private let key: HMACKey
    private let seal = SecretSeal()

    /// None yet; `key` makes digests that can be compared.
    init(key: HMACKey) { self.key = key }

    /// Whose logins there are.
    var identities: Set<LoginIdentity> {
        var identities: Set<LoginIdentity> = []
        for case .login(let identity, _, _) in items { identities.insert(identity) }
        return identities
    }

    /// Reads all that come.
    ///
    /// - Parameter stream: Where they come; it keeps the thread waiting.
    /// - Throws: Why they aren't all there.
    mutating func read(_ stream: ByteStream) throws(ImportFailure) {
        var reader = TransferReader()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        defer { buffer.wipe() }
        let deadline = ContinuousClock.now + Self.timeout
        while !reader.isComplete {
            guard ContinuousClock.now < deadline else { throw .late }
            let count: Int
            do throws(SystemCallError) {
                count = try stream.read(into: &buffer, within: Self.nextTimeout)
            } catch {
                guard error.code == ETIMEDOUT else { throw .broken("They can't be read: \(error.words).") }
                throw .late
            }
            guard count > 0 else { throw .broken("They ended in the middle.") }
            do throws(TransferReader.Fault) {
                try reader.read(buffer[..<count]) { add($0) }
            } catch {
                throw .broken(Self.words(error))
            }
            // The next bytes may be long in coming.
            for index in 0..<count { buffer[index] = 0 }
            guard items.count <= Self.most, sealedCount <= Self.mostBytes else { throw .tooMany }
        }
    }

    private static func words(_ fault: TransferReader.Fault) -> String {
        switch fault {
        case .tooLong: "A login is longer than \(ExportedLogin.longestTransferred) bytes."
        case .badMember: "A login has a member that isn't known, or one twice."
        case .excess: "Something comes after their end."
        }
    }

    private mutating func add(_ login: ExportedLogin?) {
        guard let login else { return items.append(.refused("It isn't UTF-8.")) }
        let draft = LoginDraft(login)
        if let refusal = draft.additionRefusal { return items.append(.refused(refusal)) }
        let sealed = SealedDraft(draft, by: seal)
        sealedCount += sealed.sealedCount
        let place = LoginIdentity.place(url: draft.url ?? "", title: draft.title ?? "")
        let identity = LoginIdentity(place: place, realm: draft.realm, username: draft.username ?? "")
        items.append(.login(identity, LoginContent(draft, by: key), sealed))
    }
}
