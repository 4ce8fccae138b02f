// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Testing

@Suite struct PlainNameTests {
    @Test(arguments: [
        "x", "firefox-2", "KeePassRPC ü 7", "work browser", "日本語", "clé", "👍 done", "ที่ทำงาน",
        String(repeating: "x", count: 128), String(repeating: "é", count: 128),
    ])
    func `what people call things is a name as it stands`(text: String) {
        #expect(PlainName(text).map { Array($0.text.utf8) } == Array(text.utf8))
        #expect(PlainName(cleaning: text) == PlainName(text))
    }

    @Test(arguments: [
        "", " ", "a ", " a", "a  b", "a\u{A0}b", "a\u{3000}b", "a\0", "a\nb", "x\u{FE0F}", "x\u{34F}",
        "x\u{E0061}",
        "x\u{3164}", "x\u{2800}", "\u{17B4}x", "\u{301}x", "x\u{200D}", "x\u{E000}",
        "z\u{323}\u{301}\u{323}\u{301}\u{323}\u{301}",
        String(repeating: "x", count: 129), String(repeating: "日", count: 86),
    ])
    func `what looks like another, or like nothing, is no name, and what is left of it is one`(text: String) {
        #expect(PlainName(text) == nil)
        guard let name = PlainName(cleaning: text) else { return }
        #expect(PlainName(name.text) == name)
        #expect(name.text.utf8.count <= 256)
    }

    @Test(arguments: [
        ("cafe\u{301}", "caf\u{E9}"), ("\u{212B}", "\u{C5}"), ("\u{1100}\u{1161}", "\u{AC00}"),
        ("e\u{323}\u{301}", "e\u{301}\u{323}"),
    ])
    func `every form of a text is one name, the same bytes`(one: String, other: String) {
        #expect(PlainName(one) != nil)
        #expect(PlainName(one) == PlainName(other))
        #expect(Set([PlainName(one), PlainName(other)]).count == 1)
        #expect(PlainName(one).map { Array($0.text.utf8) } == PlainName(other).map { Array($0.text.utf8) })
    }

    @Test(arguments: [
        ("x\u{FE0F}", "x"), ("  a \u{3000} b\u{200B} ", "a b"), ("fire\u{202E}fox\n", "firefox"),
        ("\u{200B}", nil),
        ("a\u{34F}\u{301}", "\u{E1}"), (" \u{301}a", "a"),
    ])
    func `what is left of a text is what a person sees`(text: String, name: String?) {
        #expect(PlainName(cleaning: text).map { Array($0.text.utf8) } == name.map { Array($0.utf8) })
    }

    @Test(
        arguments: [
            ("fire\u{2010}fox", "fire-fox"), ("fire\u{2011}fox", "fire-fox"),
            ("b\u{FC}ro – pc", "b\u{FC}ro - pc"),
            ("\u{FB01}refox", "firefox"), ("fire\u{1D5BF}ox", "firefox"), ("firef\u{FF4F}x", "firefox"),
            ("\u{217C}ogin", "login"), ("firefox\u{2024}", "firefox."), ("1\u{2212}2", "1-2"),
            ("a\u{2044}b", "a/b"),
            ("\u{17F}ave", "save"), ("x\u{B2}", "x2"), ("KeePass\u{2122}", "KeePassTM"),
            ("fire\u{669}fox", nil), ("firefox\u{2BC}", nil), ("fire\u{2BC}fox", nil), ("Anna\u{2BB}s", nil),
            ("fire\u{5BE}fox", "fire-fox"),
            ("\u{192}oo", "foo"), ("g\u{131}t", "git"), ("K\u{131}z\u{131}l", "Kizil"),
            ("Büro „privat“", "Büro \"privat\""),
            ("\u{1D00}tt", nil), ("fir\u{435}fox", nil),
            ("fire\u{30FC}fox", nil), ("f丨refox", nil), ("work一2", nil), ("ma丨l", nil), ("git口ub", nil),
            ("пошта 仕事", nil), ("仕事 του", nil), ("a\u{2236}b", nil),
            // Dotless, script and hooked letters; dots; strokes through others; colours of skin.
            ("f\u{131}refox", "firefox"), ("\u{261}it", "git"), ("\u{192}irefox", "firefox"),
            ("fire\u{B7}fox", "fire.fox"), ("fire\u{2022}fox", "fire.fox"), ("Anna\u{2019}s", "Anna's"),
            ("fire\u{337}fox", "firefox"), ("fi\u{338}refox", "firefox"), ("f\u{326}irefox", "firefox"),
            ("fi\u{307}refox", "firefox"), ("fire\u{20DD}fox", "firefox"),
            ("x\u{1F44D}\u{1F3FD}", "x\u{1F44D}"),
            ("\u{1F44D}\u{1F3FD}", "\u{1F44D}"), ("\u{E9}\u{301}", "\u{E9}"),
            ("fire\u{1EFF}ox", nil), ("\u{299}ox", nil), ("\u{25A}cho", nil), ("b\u{252}x", nil),
            ("x\u{2502}y", nil), ("\u{1F1F7}\u{1F1F4}", nil), ("\u{13DF}\u{13A1}", nil),
            ("\u{A4E4}\u{A4F3}", nil),
            ("\u{475}\u{43E}\u{43B}\u{461}", nil), ("\u{3F3}\u{3BF}", nil), ("\u{639}\u{640}\u{644}", nil),
        ] as [(String, String?)]
    )
    func `what looks like a plainer name may be mistaken for it`(text: String, plain: String?) throws {
        // It is a name all the same: what is stored goes on working.
        let name = try #require(PlainName(text))
        #expect(name.mayBeMistaken)
        #expect(name.plain?.text == plain)
        #expect(name.plain?.mayBeMistaken != true)
    }

    @Test(
        arguments: [
            ("\u{455}\u{455}\u{4BB}", "ssh"), ("\u{441}\u{43E}\u{441}\u{43E}-2", "coco-2"), ("Сара", "Capa"),
            ("\u{3BF}\u{3C1}\u{3B1}", "opa"), ("Работа", nil), ("ssh", nil), ("42", nil), ("仕事", nil),
        ] as [(String, String?)]
    )
    func `a name all of whose letters are drawn like Latin ones reads as another, too`(
        text: String,
        reading: String?
    )
        throws
    {
        #expect(try #require(PlainName(text)).latinReading?.text == reading)
    }

    @Test(arguments: [
        "firefox-2", "Büro", "日本語ー2", "ที่ทำงาน", "браузер-2", "👍 done", "Paral·lel", "علي٣", "ㅋㅋ", "Anna's",
        "Café laptop", "Büro-PC", "Работа", "仕事", "仕事のパソコン", "my 銀行 browser", "仕事PC", "ブラウザー home",
        "Chrome工作", "업무 laptop", "Łódź", "Straße", "Þór", "Œuvre",
        "Mį lietuvių ąžuolas", "Tiếng Việt", "Türkçe ofis", "İş", "Kọ̀ǹpútà", "Київ", "Ўзбек", "Қазақ",
        "Ελλάδα", "Ἀθῆναι",
        "कार्यालय", "অফিস", "வேலை", "ਦਫ਼ਤਰ", "ಕಚೇರಿ", "עבודה", "العملُ", "کار", "ስራ", "სამსახური", "Աշխատանք", "ការងារ",
        "ལས་ཀ", "❤ home", "5 € shop", "¿Qué?", "仕事・家", "Bücher & Café", "ə", "Đà Nẵng", "Ħamrun",
        "Işık", "Çalışma ışığı", "Kɔfi", "Ɛdan", "Ɓauna", "Ɗan ƙasa", "תל\u{5BE}אביב", "《工作》", "₹ shop",
        "Hawai\u{2BB}i",
        "\u{2BB}Ohana", "Комп\u{2BC}ютер",
        // All letters of these could be Latin ones.
        "Сара", "сосо", "ѕѕһ",
    ])
    func `what people write is no look-alike`(text: String) throws {
        #expect(try !#require(PlainName(text)).mayBeMistaken)
    }
}
