// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Vault

/// What a client may not save, and what only looks like it.
@Suite struct PlaceholderFormTests {
    @Test(arguments: [
        "{TOTP}", "{totp}", "{TimeOtp}", "{HMACOTP}", "{S:Recovery codes}", "{s:otp}", "{S:", "a{S:x",
        "{REF:P@I:00112233445566778899AABBCCDDEEFF}", "x{ref:p@t:Bank}", "{Ref:", "{USERNAME}", "{PASSWORD}",
        "{PASSWORD_ENC}", "{URL}", "{URL:HOST}", "{url:rmvscm}", "{TITLE}", "{NOTES}", "{UUID}",
        "{PICKCHARS}",
        "{PICKCHARS:Password:C=3}", "{PICKFIELD}", "{NEWPASSWORD}", "{NEWPASSWORD:/Profile/}",
        "{T-REPLACE-RX:/a/b/c/}",
        "{T-CONV:/{PASSWORD}/Upper/}", "{DT_SIMPLE}", "{DT_UTC_YEAR}", "{CMD:/id/M=C/}", "{C:comment}",
        "{ENV_DIRSEP}", "{BASE}", "{BASE:HOST}", "{DB_PATH}", "{GROUP}", "{GROUP_PATH}", "{GROUPPATH}",
        "{APPDIR}",
        "{CLIPBOARD}", "{CLIPBOARD-SET:/x/}", "{FIREFOX}", "{{TOTP}", "{a{TOTP}b}", "{{TOTP}}", "}{TOTP}",
        "{S{S:x}", "{TO\u{200B}TP}", "{\u{FEFF}TOTP}", "{S\u{0}:x}", "{TOTP\u{FE0F}}", "{t\u{131}tle}",
        "{\u{17F}:otp}", "{P\u{AD}ASSWORD}", "é{TOTP}ü", "{PIC\u{212A}CHARS}", "{\nTOTP}",
        // Noncharacters, what isn't assigned, what is drawn as nothing.
        "{TO\u{FFFE}TP}", "{RE\u{FFFF}F:P@I:x}", "{\u{1FFFE}S:x}", "{TO\u{378}TP}",
        "{n{US\u{FFFE}ERNAME}", "{TO\u{2800}TP}", "{TO\u{3164}TP}", "{TO\u{80}TP}", "{TO\u{E000}TP}",
    ])
    func `the form of a placeholder counts, in every spelling and nesting`(text: String) {
        #expect(PlaceholderForm.stands(in: text))
        #expect(PlaceholderForm.stands(in: SecretBytes(utf8: text)))
    }

    @Test(arguments: [
        "", "{", "}", "{}", "a{b}c", "{\"s\":1,\"url\":{}}", "{ TOTP }", "TOTP}", "{TOTP", "{PASSWORD",
        "(TOTP)",
        "{x:y}", "{S}", "{REF}", "{C}", "{\"password\":\"x\"}", "{TOTPS}", "{12}", "%HOME%", "{S x:y}",
        "p{4}s{2,3}",
        "{TAB}{ENTER}", "{é}", "{{{{{{", "}}}}", "{a:{b:{c",
    ])
    func `anything else is text`(text: String) {
        #expect(!PlaceholderForm.stands(in: text))
        #expect(!PlaceholderForm.stands(in: SecretBytes(utf8: text)))
    }

    @Test func `a secret that isn't UTF-8 is looked at all the same`() {
        #expect(
            PlaceholderForm.stands(in: SecretBytes(copying: [0xFF, 0xC3] + Array("{TOTP}".utf8) + [0x80]))
        )
        #expect(!PlaceholderForm.stands(in: SecretBytes(copying: [0xFF, 0xC3, 0x80, 0xF8, 0xE0])))
    }

    @Test(arguments: [
        LoginDraft(username: "{TOTP}"), LoginDraft(password: SecretBytes(utf8: "{S:otp}")),
        LoginDraft(url: "https://a.example/{PASSWORD}"), LoginDraft(title: "{REF:"),
        LoginDraft(realm: "{NOTES}"), LoginDraft(fields: ["a{TOTP}": SecretBytes(utf8: "x")]),
        LoginDraft(fields: ["{S:x}": nil]), LoginDraft(fields: ["x": SecretBytes(utf8: "{C:x}")]),
    ])
    func `no member of a draft may hold one`(draft: LoginDraft) {
        #expect(draft.refusal == LoginDraft.placeholderRefusal)
        #expect(throws: VaultError.refused(LoginDraft.placeholderRefusal)) {
            try SavePreview(draft, stored: nil)
        }
        #expect(throws: VaultError.refused(LoginDraft.placeholderRefusal)) {
            try SavePreview(draft, stored: nil, secrets: nil)
        }
    }

    @Test func `what is more than one save may bring says so`() {
        let big = SecretBytes(utf8: String(repeating: "x", count: LoginDraft.longestSecret))
        #expect(LoginDraft(password: big).refusal == nil)
        let names = (0...LoginDraft.mostFields).map { "f\($0)" }
        let drafts = [
            LoginDraft(fields: Dictionary(uniqueKeysWithValues: names.map { ($0, nil) })),
            LoginDraft(url: String(repeating: "x", count: LoginDraft.longestText + 1)),
            LoginDraft(fields: [String(repeating: "x", count: LoginDraft.longestName + 1): nil]),
            LoginDraft(password: SecretBytes.joining([big, SecretBytes(utf8: "x")])),
            LoginDraft(password: big, fields: ["a": big, "b": big, "c": big]),
        ]
        for draft in drafts { #expect(draft.refusal?.lowercased().contains("at most") == true) }
    }
}
