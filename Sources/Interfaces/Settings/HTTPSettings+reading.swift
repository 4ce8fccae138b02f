// SPDX-License-Identifier: Apache-2.0

extension HTTPSettings {
    init(reading table: TableReader, _ folders: Folders) throws(KeyProblem) {
        port = try table.integer("port", in: 1...65_535) ?? port
        tlsPort = try table.integer("tls_port", in: 1...65_535) ?? tlsPort
        switch (try table.text("certificate"), try table.text("private_key")) {
        case (let file?, let privateKey?):
            certificate = Certificate(
                file: folders.expanding(file),
                privateKey: folders.expanding(privateKey)
            )
        case (_?, nil): throw table.problem("certificate", "needs private_key, too")
        case (nil, _?): throw table.problem("private_key", "needs certificate, too")
        case (nil, nil): break
        }
        // Nothing listens on the second one without a certificate.
        guard port != tlsPort || certificate == nil else {
            throw table.problem("tls_port", "\(tlsPort) is the port of plain HTTP, too")
        }
        allowedOrigins = try table.texts("allowed_origins") ?? allowedOrigins
        for (index, origin) in allowedOrigins.enumerated() where !Self.isOrigin(origin) {
            throw table.problem(
                "allowed_origins[\(index)]",
                "\"\(origin)\" is no origin: scheme, host and perhaps port, such as \"https://wiki.example:8443\""
            )
        }
        try table.finish { key in
            // A key that people look for; a password service that other machines can reach is never intended.
            ["address", "addresses", "bind", "host", "listen"].contains(key)
                ? "Keybell listens on loopback only (127.0.0.1 and ::1), so that no other machine can reach it"
                : nil
        }
    }

    /// Whether a text is what a browser could send as `Origin`: no path, no wildcard, never `null`.
    static func isOrigin(_ text: String) -> Bool {
        guard let colon = text.firstRange(of: "://") else { return false }
        let scheme = text[..<colon.lowerBound]
        let host = text[colon.upperBound...]
        guard let first = scheme.utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else {
            return false
        }
        return scheme.utf8.allSatisfy { isLowerCaseOrDigit($0) || "+-.".utf8.contains($0) }
            && !host.isEmpty
            && host.utf8.allSatisfy { isLowerCaseOrDigit($0) || "-._:[]".utf8.contains($0) }
    }

    private static func isLowerCaseOrDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
