// SPDX-License-Identifier: Apache-2.0

import JSON
import NIOCore
package import NIOHTTP1

/// Why a request is turned away before it is read as a message of the protocol.
package enum HTTPRefusal: Error, Equatable, Sendable {
    /// No `Host`.
    case noHost

    /// More than one `Host`.
    case doubleHost

    /// A `Host` that isn't this computer's loopback name or address: a name that was rebound to it.
    case foreignHost

    /// `Origin: null`, which any page can have.
    case nullOrigin

    /// An `Origin` that is neither an extension's nor configured.
    case foreignOrigin

    /// A page's request that came without an `Origin`.
    case crossSite

    /// A GET without a body for a path without a page.
    case noSuchPage

    /// A method other than POST and GET, or an `OPTIONS` that isn't a preflight.
    case badMethod

    /// A body above the limit.
    case tooLarge

    /// A body whose chunks bring more framing than content.
    case badFraming

    /// More than the connection has room for, beside what it has sent before.
    case tooMuchAtOnce

    /// A head with more or longer fields than allowed, or too long an address.
    case headTooLarge

    /// A request whose peer has ended before it has.
    case brokenOff

    /// Bytes that the parser refuses.
    case notHTTP

    /// The same within TLS.
    case notHTTPInTLS

    /// A connection above the limit.
    case tooManyConnections
}

extension HTTPRefusal {
    /// The status it is answered with.
    package var status: HTTPResponseStatus {
        switch self {
        case .noHost, .headTooLarge, .brokenOff, .notHTTP, .notHTTPInTLS, .badFraming: .badRequest
        case .doubleHost, .foreignHost, .nullOrigin, .foreignOrigin, .crossSite: .forbidden
        case .noSuchPage: .notFound
        case .badMethod: .methodNotAllowed
        case .tooLarge, .tooMuchAtOnce: .payloadTooLarge
        case .tooManyConnections: .tooManyRequests
        }
    }

    /// What the person at the other end can do about it.
    package var sentence: String {
        switch self {
        case .noHost:
            "The request has no Host header: send one that says localhost."
        case .doubleHost:
            "The request has more than one Host header: send one that says localhost."
        case .foreignHost:
            "Keybell answers only as localhost, 127.0.0.1 or [::1]: use one of these names."
        case .nullOrigin:
            "Pages without an origin may not ask: use a browser extension, or a program that sends no Origin."
        case .foreignOrigin:
            "This Origin may not ask: add it to allowed_origins in Keybell's configuration if you trust it."
        case .crossSite:
            "Web pages may not ask: use a browser extension."
        case .noSuchPage:
            "There is nothing here: send a JSON object by POST, or ask for /version."
        case .badMethod:
            "Keybell knows only POST and GET."
        case .tooLarge:
            "The request is too large: it may have at most 1 MiB."
        case .badFraming:
            "The body's chunks are too small, or have too long extensions: send it with a Content-Length."
        case .tooMuchAtOnce:
            "Keybell can't take in so much at once: send a request when the one before has its answer, or try again in a moment."
        case .headTooLarge:
            "The request's head is too large: shorten its address, or leave out fields; these may be 16 KiB long each, 32 KiB together and 100 in number."
        case .brokenOff:
            "The request broke off before its end: send all of it, then shut the connection down."
        case .notHTTP:
            "This is not a valid HTTP request: send HTTP/1.1 without TLS to this port."
        case .notHTTPInTLS:
            "This is not a valid HTTP request: send HTTP/1.1 to this port."
        case .tooManyConnections:
            "Too many connections are open: close some and try again."
        }
    }

    /// Whether the answer may tell the Hash: only to a peer that was let in.
    var isInside: Bool {
        switch self {
        case .noSuchPage, .badMethod, .tooLarge, .tooMuchAtOnce, .badFraming: true
        default: false
        }
    }

    /// What an error of the parser says of a request.
    init(ofParser error: any Error, isEncrypted: Bool) {
        switch error {
        case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
            self = .headTooLarge
        case HTTPParserError.invalidEOFState: self = .brokenOff
        default: self = isEncrypted ? .notHTTPInTLS : .notHTTP
        }
    }

    /// The JSON body.
    ///
    /// - Parameters:
    ///   - version: The protocol version that is reported.
    ///   - hash: The vault's Hash, if it is known.
    /// - Returns: An object in ASCII.
    package func body(version: String, hash: String? = nil) -> [UInt8] {
        var text = JSONText()
        text.object { text in
            text.member("Success", false)
            text.member("Error", sentence)
            text.member("Version", version)
            text.member("Hash", hash)
        }
        return text.bytes
    }
}
