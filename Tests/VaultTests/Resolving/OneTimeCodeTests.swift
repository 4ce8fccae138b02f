// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Vault

@Suite struct OneTimeCodeTests {
    /// The seeds of RFC 6238, appendix B: as many digits as the hash has bytes.
    static let seeds = ["SHA1": 20, "SHA256": 32, "SHA512": 64].mapValues { length in
        String(String(repeating: "1234567890", count: 7).prefix(length))
    }

    @Test(
        arguments: [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] as [(Int64, String, String, String)]
    )
    func `the codes are those of RFC 6238`(time: Int64, sha1: String, sha256: String, sha512: String) throws {
        for (name, expected) in [("SHA1", sha1), ("SHA256", sha256), ("SHA512", sha512)] {
            let fields = [
                "TimeOtp-Secret": try #require(Self.seeds[name]),
                "TimeOtp-Algorithm": "HMAC-SHA-\(name.dropFirst(3))",
                "TimeOtp-Length": "8",
            ]
            #expect(Self.code(fields, at: time) == expected)
        }
    }

    @Test(arguments: [(59, 1), (60, 30), (61, 29)] as [(Int64, Int64)])
    func `a code is good until its period is over`(time: Int64, left: Int64) throws {
        let code = try #require(OneTimeCode(fields: ["TimeOtp-Secret": SecretBytes(utf8: "12345678")]))
        #expect(code.secondsLeft(at: time) == left)
        #expect(code.code(at: time) == code.code(at: time + left - 1))
    }

    static func code(_ fields: [String: String], at time: Int64 = 59) -> String? {
        OneTimeCode(fields: fields.mapValues { SecretBytes(utf8: $0) })?.code(at: time)?.exposedText()
    }

    @Test(arguments: [
        ["otp": "otpauth://totp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank"],
        [
            "otp":
                "otpauth://totp/x?period=30&digits=6&algorithm=SHA1&secret=gezd%20gnbvgy3tqojqgezdgnbvgy3tqojq"
        ],
        ["otp": "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&step=30&size=6"],
        ["otp": "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"],
        ["TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "TOTP Settings": "30;6"],
        ["TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        ["TOTP Seed": "GEZD\tGNBV\u{A0}GY3T\r\nQOJQ\u{2009}GEZD\u{3000}GNBVGY3TQOJQ"],
        ["otp": "no seed!", "TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        [
            "otp": "", "TimeOtp-Secret-Hex": "zz",
            "TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        ],
        [
            "otp": String(repeating: "A", count: 5000),
            "TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        ],
        ["TimeOtp-Secret": "12345678901234567890"],
        ["TimeOtp-Secret-Hex": "3132333435363738393031323334353637383930"],
        ["TimeOtp-Secret-Base32": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        ["TimeOtp-Secret-Base64": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="],
        ["TimeOtp-Secret-Base64": " MTIzNDU2Nzg5\u{A0}MDEyMzQ1\r\nNjc4OTA=\n"],
        ["TimeOtp-Secret-Hex": "31323334 35363738\u{2009}3930313233343536-37383930\n"],
        ["TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n"],
        ["otp": " otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=6\n"],
        ["otp": "key=3132333435363738393031323334353637383930&encoding=Hex"],
        ["otp": "key=12345678901234567890&encoding=UTF8"],
        ["otp": "key=12345678901234567890&encoding=UTF-8"],
        ["otp": "key=MTIzNDU2Nzg5MDEyMzQ1Njc4OTA%3D&encoding=Base64"],
        ["otp": "", "TimeOtp-Secret-Base32": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        ["otp": "see paper", "TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        ["TimeOtp-Secret": "", "TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        [
            "TimeOtp-Secret": "12345678901234567890", "TimeOtp-Algorithm": "MD5",
            "TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        ],
    ])
    func `each program's fields give the same code`(fields: [String: String]) {
        #expect(Self.code(fields) == "287082")
    }

    @Test(arguments: [
        (["otp": "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&encoder=steam"], "PV9M4"),
        (["TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "TOTP Settings": "30;S"], "PV9M4"),
        (["otp": "otpauth://steam/Steam:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Steam"], "PV9M4"),
        (["otp": "OTPAUTH://Steam/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8"], "PV9M4"),
        (["otp": " steam://GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n"], "PV9M4"),
        (["otp": "Steam://gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq"], "PV9M4"),
        (["otp": "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=60"], "755224"),
        (["otp": "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&size=8"], "94287082"),
    ])
    func `period, length and letters are as the fields say`(fields: [String: String], code: String) {
        #expect(Self.code(fields) == code)
    }

    @Test(arguments: [
        ["otp": "steam://"], ["otp": "steam://189"], ["otp": "otpauth://steam/x"],
        [:], ["otp": ""], ["otp": "otpauth://totp/x"], ["otp": "otpauth://hotp/x?secret=GEZDGNBV&counter=1"],
        ["otp": "otpauth://totp/x?secret=018"], ["otp": "otpauth://totp/x?secret=GEZDGNBV&digits=0"],
        ["otp": "otpauth://totp/x?secret=GEZDGNBV&period=0"],
        ["otp": "otpauth://totp/x?secret=GEZDGNBV&period=x"],
        ["otp": "otpauth://totp/x?secret=GEZDGNBV&algorithm=MD5"], ["TOTP Seed": "no seed!"],
        ["otp": "see paper"], ["otp": "see my old paper notebook"], ["otp": "key=12345678&encoding=Rot13"],
        ["otp": "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&type=Hotp&counter=1"],
        ["TimeOtp-Secret-Hex": "123"], ["TimeOtp-Secret-Hex": "zz"],
        ["TimeOtp-Secret": "x", "TimeOtp-Length": "11"],
        ["otp": "otpauth://totp/x?secret=GEZDGNBV&period=99999999999999999999"], ["TimeOtp-Secret": ""],
    ])
    func `what cannot be read gives no code`(fields: [String: String]) {
        #expect(Self.code(fields) == nil)
    }

    @Test func `there is no code before 1970`() {
        #expect(Self.code(["TimeOtp-Secret": "x"], at: -1) == nil)
    }
}
