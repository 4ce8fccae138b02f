// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

// What a client may not save because another program, or Keybell itself later on, would do more with it than fill in a
// form.
extension LoginDraft {
    /// The sentence for a URL that isn't the address of one page or host.
    package static let addressRefusal = """
        A URL that is saved has to be the address of one page or host: no wildcards or quotation marks, and no scheme \
        that starts something, such as cmd: or javascript:.
        """

    /// Whether another program takes a string field of this name for its settings, or may take it for a further URL that
    /// Keybell doesn't see in it.
    ///
    /// KeePassXC reads `KeePassXC-Browser Settings` and `Browser…` as who may have the entry, and passkeys from
    /// `KPEX_PASSKEY_…`, KeePassNatMsg who may have it from `KeePassNatMsg Settings`; Kee reads `KPRPC JSON`, KeePassDX
    /// fills the app of `AndroidApp`, Keepass2Android goes by `_etm_…`. Marks and case, which some program may ignore,
    /// don't count.
    static func isForeignSetting(_ fieldName: String) -> Bool {
        let name = plain(fieldName)
        if name.hasPrefix("kp2a_url") { return !Login.isFurtherURL(fieldName) }
        return foreignSettings.contains { name.hasPrefix($0) }
    }

    /// Whether a string field may be in a login that is imported: it is no program's setting, and no URL with wildcards
    /// or of a scheme that starts something.
    package static func mayBeImported(_ fieldName: String, _ value: SecretBytes) -> Bool {
        guard !isReserved(fieldName), !isForeignSetting(fieldName) else { return false }
        guard Login.isFurtherURL(fieldName) else { return true }
        return value.exposedText().map(isPlainAddress) ?? false
    }

    /// Whether a string field of this name looks like some program's settings, perhaps one unknown here: what it says
    /// may send the entry elsewhere, as a further URL does, so the person is asked each time.
    package static func isSettings(_ fieldName: String) -> Bool {
        plain(fieldName).split(whereSeparator: \.isWhitespace).last?.hasSuffix("settings") ?? false
    }

    /// Whether it writes or removes such a field.
    package var holdsSettings: Bool { fields.keys.contains(where: Self.isSettings) }

    /// A name without what some program may ignore in it.
    private static func plain(_ fieldName: String) -> String {
        let scalars = fieldName.unicodeScalars.filter {
            !$0.properties.isDefaultIgnorableCodePoint && !isMark($0)
        }
        return String(String.UnicodeScalarView(scalars)).lowercased()
    }

    private static let foreignSettings = [
        "keepassxc", "keepassnatmsg", "keepasshttp", "kprpc json", "browserhideentry", "browseronlyhttpauth",
        "browsernothttpauth",
        "browserskipautosubmit", "browseromitwww", "browserrestrictkey", "androidapp", "kpex_", "kp2a_",
        "_etm_",
    ]

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }

    /// Whether a URL is the address of one host or app, or mere words, and opening it in a password manager does
    /// nothing but connect.
    ///
    /// Anything that can't be read as that could be a command to some program.
    static func isPlainAddress(_ text: String) -> Bool {
        guard !text.isEmpty else { return true }
        if let address = PageAddress(loose: text) { return address.scheme?.isHarmless ?? true }
        // Some clients send the name of a login in its place.
        return text.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || " -_.,'&()+!".unicodeScalars.contains(scalar)
        }
    }
}

extension URLScheme {
    /// Whether it leads to a host or an app, rather than to a command, a script or a file.
    fileprivate var isHarmless: Bool {
        port != nil || ["androidapp", "iosapp", "chrome-extension", "moz-extension"].contains(name)
    }
}
