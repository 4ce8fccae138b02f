// SPDX-License-Identifier: Apache-2.0

package import NIOHTTP1
import UnicodeText

/// What a request's head decides, before anything of its body is read.
///
/// Web pages can make a browser send requests to this port. What they can't do is leave out or forge `Host`,
/// `Origin` and `Sec-Fetch-Site`, so those turn pages away (also ones that rebind a name to this computer).
package struct AccessPolicy: Sendable {
    /// Where an admitted request goes.
    package enum Route: Equatable, Sendable {
        /// The protocol, whatever the path.
        case message

        /// The protocol if there is a body, else a page for people and programs to look at.
        case page(Page)

        /// An answer to a browser that asks before it sends.
        case preflight
    }

    /// What a GET without a body may ask for.
    package enum Page: Equatable, Sendable {
        /// A line that says what this is.
        case greeting

        /// The protocol version.
        case version

        /// The same as a version file of KeePass.
        case keepassVersion

        /// A path without a page.
        case none
    }

    /// What was decided about a head.
    package struct Verdict: Equatable, Sendable {
        /// Where it goes, or why it is refused.
        package let route: Result<Route, HTTPRefusal>

        /// The Origin that was allowed, and so may read the answer.
        package let origin: String?
    }

    /// Schemes of browser extensions, whose Origin a page can't have.
    private static let extensionSchemes = [
        "chrome-extension://", "moz-extension://", "safari-web-extension://",
    ]

    private let allowedOrigins: Set<String>
    private let maximumBody: Int

    /// Knows the configured origins, however they are written.
    package init(allowedOrigins: [String] = [], maximumBody: Int = HTTPLimits.body) {
        self.allowedOrigins = Set(allowedOrigins.compactMap(Self.origin))
        self.maximumBody = maximumBody
    }

    /// Decides about a request by its head alone, in this order: Host, Origin, Sec-Fetch-Site, the rest.
    ///
    /// - Parameter head: The head.
    /// - Returns: Where it goes, and who may read the answer.
    package func verdict(on head: HTTPRequestHead) -> Verdict {
        do throws(HTTPRefusal) {
            try checkHost(of: head)
            let origin = try allowedOrigin(of: head)
            try checkSite(of: head, origin: origin)
            do throws(HTTPRefusal) {
                return Verdict(route: .success(try route(for: head, origin: origin)), origin: origin)
            } catch {
                return Verdict(route: .failure(error), origin: origin)
            }
        } catch {
            return Verdict(route: .failure(error), origin: nil)
        }
    }

    /// Whether a Host header's value names this computer, with any port or none.
    package static func isLocal(_ host: String) -> Bool {
        guard let host = Self.plain(host) else { return false }
        for name in ["localhost", "127.0.0.1", "[::1]"] where host.hasPrefix(name) {
            let rest = host.dropFirst(name.count)
            if rest.isEmpty { return true }
            guard rest.first == ":" else { continue }
            let port = rest.dropFirst()
            return port.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt16(port) != nil
        }
        return false
    }

    private func checkHost(of head: HTTPRequestHead) throws(HTTPRefusal) {
        let hosts = head.headers["host"]
        guard let host = hosts.first else { throw .noHost }
        if hosts.count > 1 { throw .doubleHost }
        if !Self.isLocal(host) { throw .foreignHost }
    }

    private func allowedOrigin(of head: HTTPRequestHead) throws(HTTPRefusal) -> String? {
        let origins = head.headers["origin"]
        guard let origin = origins.first else { return nil }
        if Self.origin(origin) == "null" { throw .nullOrigin }
        guard origins.count == 1, isAllowed(origin) else { throw .foreignOrigin }
        return origin
    }

    private func isAllowed(_ origin: String) -> Bool {
        guard let lower = Self.plain(origin) else { return false }
        if Self.origin(origin).map(allowedOrigins.contains) ?? false { return true }
        guard let scheme = Self.extensionSchemes.first(where: { lower.hasPrefix($0) }) else { return false }
        let id = lower.dropFirst(scheme.count)
        return !id.isEmpty
            && id.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
    }

    private func checkSite(of head: HTTPRequestHead, origin: String?) throws(HTTPRefusal) {
        guard origin == nil else { return }
        let sites = head.headers["sec-fetch-site"].map(Self.plain)
        if sites.contains(where: { $0 != "none" && $0 != "same-origin" }) { throw .crossSite }
    }

    private func route(for head: HTTPRequestHead, origin: String?) throws(HTTPRefusal) -> Route {
        switch head.method {
        case .POST, .GET:
            // Longer than a number can say is too long, too.
            if let length = head.headers.first(name: "content-length"),
                Int(length).map({ $0 > maximumBody }) ?? true
            {
                throw .tooLarge
            }
            return head.method == .POST ? .message : .page(page(at: head.uri))
        case .OPTIONS where origin != nil:
            return .preflight
        default:
            throw .badMethod
        }
    }

    private func page(at path: String) -> Page {
        guard path.utf8.count <= Self.longest else { return .none }
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        // The plugin takes `/VERSION` and `/version/`, too.
        switch parts.first.flatMap({ Self.plain(String($0)) }) {
        case "/": return .greeting
        case "/version", "/version/":
            let queries = parts.count > 1 ? parts[1].split(separator: "&") : []
            return queries.contains("format=keepass") ? .keepassVersion : .version
        default: return .none
        }
    }

    /// An origin as it is compared: without case, blanks around it, and the slash that people put at its end.
    private static func origin(_ text: String) -> String? {
        guard let text = plain(text)?.split(separator: " ").joined(separator: " ") else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// More bytes than anything that is compared here.
    private static let longest = 1024

    /// A value in lower case; nil if it isn't ASCII, or longer than any that is allowed.
    private static func plain(_ value: String) -> String? {
        guard value.utf8.count <= longest, value.isASCII else { return nil }
        return value.lowercased()
    }
}
