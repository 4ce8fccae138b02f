// SPDX-License-Identifier: Apache-2.0

/// The letters of Cyrillic and Greek that are drawn like one of Latin (after UTS #39's confusables).
enum LookalikeLetters {
    static let latin: [Unicode.Scalar: Unicode.Scalar] = [
        // Cyrillic.
        "\u{430}": "a", "\u{435}": "e", "\u{43E}": "o", "\u{440}": "p", "\u{441}": "c", "\u{443}": "y",
        "\u{445}": "x", "\u{455}": "s", "\u{456}": "i", "\u{458}": "j", "\u{4BB}": "h", "\u{4CF}": "l",
        "\u{501}": "d", "\u{51B}": "q", "\u{51D}": "w", "\u{4AF}": "y",
        "\u{410}": "A", "\u{412}": "B", "\u{415}": "E", "\u{41A}": "K", "\u{41C}": "M", "\u{41D}": "H",
        "\u{41E}": "O", "\u{420}": "P", "\u{421}": "C", "\u{422}": "T", "\u{423}": "Y", "\u{425}": "X",
        "\u{405}": "S", "\u{406}": "I", "\u{408}": "J", "\u{4C0}": "I", "\u{4AE}": "Y", "\u{51A}": "Q",
        "\u{51C}": "W",
        // Greek.
        "\u{3B1}": "a", "\u{3B9}": "i", "\u{3BD}": "v", "\u{3BF}": "o", "\u{3C1}": "p", "\u{3C5}": "u",
        "\u{391}": "A", "\u{392}": "B", "\u{395}": "E", "\u{396}": "Z", "\u{397}": "H", "\u{399}": "I",
        "\u{39A}": "K", "\u{39C}": "M", "\u{39D}": "N", "\u{39F}": "O", "\u{3A1}": "P", "\u{3A4}": "T",
        "\u{3A5}": "Y", "\u{3A7}": "X",
    ]
}
