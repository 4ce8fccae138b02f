// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

struct CertificateAdviceTests {
    @Test(arguments: [
        ("[http]\nport = 1", true), ("# [http]\n[[vault]]", false), ("  [ http ] # mine", true),
        ("[http.x]", false),
        ("", false),
    ])
    func `a second http table is never advised`(text: String, hasTable: Bool) {
        #expect(CertificateFiles.hasTable(text) == hasTable)
        let lines = CertificateFiles(in: "/c").lines(
            configuration: "/c/config.toml",
            port: 1,
            hasTable: hasTable
        )
        #expect(lines.contains("    [http]") == !hasTable)
        #expect(lines.contains { $0.contains("under [http] in /c/config.toml") } == hasTable)
        #expect(lines.contains("    certificate = \"/c/certificate.pem\""))
        #expect(lines.contains { $0.contains("https://localhost:1/version") })
    }

    @Test func `a port that nobody can tell isn't made up`() {
        let lines = CertificateFiles(in: "/c").lines(configuration: "/c/config.toml", port: nil)
        #expect(lines.contains { $0.contains("https://localhost:PORT/version") })
        #expect(!lines.contains { $0.contains("19456") })
    }
}
