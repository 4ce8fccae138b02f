// SPDX-License-Identifier: Apache-2.0

import CDBus
import KeePassHTTP
import SecureMemory
import Vault
import XMLTree

@testable import DBus
@testable import VaultStores

extension Target {
    /// XML: what is read is written so that it reads the same.
    static let xml = Target { bytes in
        guard let document = try? Document(parsing: bytes) else { return }
        guard let again = try? Document(parsing: document.serialized()) else {
            preconditionFailure("what was written can't be read")
        }
        precondition(document.isEqual(document.root, to: again.root, in: again))
        precondition((try? again.serialized()) == (try? document.serialized()))
    } seeds: {
        [
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><!--c--><a b='1' xmlns:c=\"d\"><c:e/>&lt;&#xD;&amp;t <f> </f></a>",
            "<a><![CDATA[<b>]]><?i j?>ä🔑</a>",
        ].map { Array($0.utf8) }
    }

    /// The body of a request, from whoever is at the other end.
    static let request = Target { bytes in
        guard let request = try? Request.parse(bytes) else { return }
        _ = (request.field("Url"), request.fields("Names"), try? request.searchFlags(), request.stringFields)
    } seeds: {
        [
            #"{"RequestType":"get-logins","Id":"x","Nonce":"AA==","Verifier":"AA==","Url":"AA==","TriggerUnlock":"true"}"#,
            #"{"RequestType":"set-login","StringFields":{"AA==":null},"Names":["\ud83d\udd11",1e9,[{}]]}"#,
            #"{"RequestType":"get-logins-custom-search","SearchMode":1,"SearchInUrls":"False"}"#,
        ].map { Array($0.utf8) }
    }

    /// The body of a reply, as our own client reads it.
    static let reply = Target { bytes in
        _ = try? IncomingReply(parsing: bytes, key: nil)
        _ = try? IncomingReply(parsing: bytes, key: .random())
    } seeds: {
        [
            Array(
                #"{"Success":true,"Id":"x","Count":1,"Nonce":"AA==","Verifier":"AA==","Entries":[{"Name":"AA=="}]}"#
                    .utf8
            )
        ]
    }

    /// JSON that is kept in a keyring's item or an entry's field, where other programs write, too.
    static let json = Target { bytes in
        let secret = SecretBytes(copying: bytes)
        _ = EntrySettings(json: bytes)
        _ = LoginExtra(json: secret)?.json
        guard let json = SecretJSON(secret) else { return }
        precondition(SecretJSON(json.written()) == json)
    } seeds: {
        [
            #"{"Allow":["a.example"],"Deny":[],"Realm":null,"x":[1,-2.5e3,true,{"y":"\u00e9"}]}"#,
            #"{"fields":{"a":"b"},"former":[{"password":"x","until":5}],"allow":["a"]}"#,
        ].map { Array($0.utf8) }
    }

    /// What a page, a person or another program gives for an address.
    static let address = Target { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        for address in [PageAddress(text), PageAddress(loose: text), PageAddress(title: text)] {
            guard let address else { continue }
            _ = (address.port, address.isOnOwnPort)
            // What an allow list holds must mean the same place when it is read back.
            let again = PageAddress(loose: address.hostAndPort)
            precondition(again?.hostAndPort == address.hostAndPort, "\(text) \(address.hostAndPort)")
        }
    } seeds: {
        [
            "https://user:pw@www.example.com:8443/path?x#y", "[::1]:80", "http://172.29.99.249:9443/",
            "münchen.example",
            "androidapp://com.example.app", "localhost",
        ].map { Array($0.utf8) }
    }

    /// A message of the bus as libdbus lets it through.
    static let message = Target { bytes in
        let message = unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe buffer.bindMemory(to: CChar.self).baseAddress
            return unsafe start.flatMap { unsafe dbus_message_demarshal($0, Int32(buffer.count), nil) }
        }
        guard let message = unsafe message else { return }
        let raw = unsafe RawMessage(adopting: message)
        guard let body = try? raw.body() else { return }
        // What was read can be sent again, or is refused; libdbus would end the program over what is neither.
        _ = try? RawMessage.signal("/a", "a.b", "C", body)
    } seeds: {
        let body: [Value] = [
            .string("x"), .array("s", [.string("y")]), .structure([.uint32(1), .variant(.boolean(true))]),
        ]
        guard let signal = try? RawMessage.signal("/a", "a.b", "C", body) else { return [] }
        var start: UnsafeMutablePointer<CChar>?
        var count: Int32 = 0
        unsafe dbus_message_set_serial(signal.raw, 1)
        guard unsafe dbus_message_marshal(signal.raw, &start, &count) != 0, let start = unsafe start else {
            return []
        }
        defer { unsafe dbus_free(start) }
        return [unsafe UnsafeBufferPointer(start: start, count: Int(count)).map { UInt8(bitPattern: $0) }]
    }
}
