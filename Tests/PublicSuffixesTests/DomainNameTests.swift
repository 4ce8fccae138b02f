// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes
import Testing

@Suite struct DomainNameTests {
    @Test(arguments: [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
        ("mu\u{308}nchen.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("ｅｘａｍｐｌｅ．com", "example.com"),
        ("例え。jp", "xn--r8jz45g.jp"),
        ("a_b.example.com", "a_b.example.com"),
        ("r3---sn.example.com", "r3---sn.example.com"),
        ("localhost", "localhost"),
    ])
    func `a name has one form`(text: String, form: String) {
        #expect(DomainName(text)?.text == form)
    }

    @Test(arguments: [
        ("xn--mnchen-3ya.de", "münchen.de"),
        ("пример.рф", "пример.рф"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),  // Cyrillic that reads as apple, but for its end
        ("раураl.com", "xn--l-7sba6dbr.com"),  // mixed within a label
        ("例え.jp", "xn--r8jz45g.jp"),
        ("example.com", "example.com"),
        ("a-1.xn--mnchen-3ya.de", "a-1.münchen.de"),
    ])
    func `letters are shown only where all are of one script`(text: String, shown: String) {
        #expect(DomainName(text)?.shown == shown)
    }

    @Test(arguments: [
        "", ".", "..", "a..b", ".com", "example.com..", "a b.com", "a%62.com", "a/b.com", "a\\b.com",
        "a@b.com",
        "a:b", "exa\u{0}mple.com", "example.com\n", "1.2.3.4", "127.1", "0x7f.1", "1.0x10", "a.1", "0x",
        "℀.com",
        "[::1]", "a\u{338}/.com", "*.com", "xn--\u{FF0F}.com", String(repeating: "a", count: 64) + ".com",
        Array(repeating: "abcdefg", count: 40).joined(separator: "."),
    ])
    func `what is no DNS name in every program's eyes is none`(text: String) {
        #expect(DomainName(text) == nil)
    }

    @Test(arguments: [
        "com", "co.uk", "github.io", "localhost", "intranet", "ck", "foo.ck", "kobe.jp", "foo.kobe.jp",
        "xn--55qx5d.cn", "公司.cn",
    ])
    func `a name below which strangers register is a public suffix`(text: String) throws {
        let name = try #require(DomainName(text))
        #expect(name.isPublicSuffix)
        #expect(name.registrable == nil)
    }

    @Test(arguments: [
        ("example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("bob.github.io", "bob.github.io"),
        ("x.bob.github.io", "bob.github.io"),
        ("www.ck", "www.ck"),
        ("a.www.ck", "www.ck"),
        ("x.city.kobe.jp", "city.kobe.jp"),
        ("nas.home.internal-zone", "home.internal-zone"),
        ("www.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
    ])
    func `what one owner holds is the suffix and one label`(text: String, registrable: String) throws {
        let name = try #require(DomainName(text))
        #expect(!name.isPublicSuffix)
        #expect(name.registrable?.text == registrable)
    }

    @Test func `a parent lacks just the first label`() {
        #expect(DomainName("a.b.c")?.parent?.text == "b.c")
        #expect(DomainName("c")?.parent == nil)
        #expect(DomainName("c")?.hasDot == false)
    }
}
