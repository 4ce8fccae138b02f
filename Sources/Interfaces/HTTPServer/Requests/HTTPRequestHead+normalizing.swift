// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import UnicodeText

extension HTTPRequestHead {
    /// Brings a head into the form in which the rest of the server understands it.
    mutating func normalize() {
        // Every text of a head is compared with something, here or in what we call.
        uri = uri.streamSafe
        if !headers.allSatisfy({ $0.value.isASCII }) {
            headers = HTTPHeaders(headers.map { ($0.name, $0.value.streamSafe) })
        }
        // A target with an authority of its own overrides Host (RFC 9112, 3.2.2): it must be as good.
        let hosts = headers["host"]
        let target = uri.utf8
        if hosts.count == 1, AccessPolicy.isLocal(hosts[0]), target.first != UInt8(ascii: "/"),
            let scheme = target.schemeMark
        {
            let rest = target[scheme.upperBound...]
            let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            headers.replaceOrAdd(name: "host", value: String(Substring(authority)))
            let path = String(Substring(rest[authority.endIndex...]))
            uri = path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
        }
    }
}
