// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Interpreter {
    /// Finds the script among the arguments.
    ///
    /// - Parameters:
    ///   - arguments: All, the program's own name first.
    ///   - folder: The process's current folder, for a relative path.
    /// - Returns: The script's absolute path or `-m` and a module, after the places where it is looked for if the
    ///   arguments name any; nil if there isn't one, or its path is longer than any that can be opened.
    func script(in arguments: [String], folder: String?) -> String? {
        claimed(by: arguments, in: folder).flatMap { $0.utf8.count <= Int(PATH_MAX) ? $0 : nil }
    }

    private func claimed(by arguments: [String], in folder: String?) -> String? {
        var rest = arguments.dropFirst()
        var places = ModuleSearchPaths()
        var isFirst = true
        func found(_ path: String) -> String? {
            guard let path = AbsolutePath.text(path, in: folder) else { return nil }
            return places.isEmpty ? path : places.text(in: folder).map { "\($0) \(path)" }
        }
        while let argument = rest.popFirst() {
            let bytes = argument.utf8
            if isFirst, Self.isAny(of: verbs, argument) {
                isFirst = false
                continue
            }
            if bytes.elementsEqual("--".utf8) {
                return isScriptByOptionAlone ? nil : rest.first.flatMap(found)
            }
            guard bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") else {
                if isScriptByOptionAlone || (isFirst && Self.isAny(of: inlineLong, argument)) { return nil }
                return found(argument)
            }
            guard bytes.count > 1 || bytes.first != UInt8(ascii: "-") else { return nil }
            let (word, ownValue) = parted(argument)
            if Self.isAny(of: scriptOptions, word) {
                // Java then takes nothing from elsewhere.
                if word == "-jar" { places = ModuleSearchPaths() }
                return (ownValue ?? rest.first).flatMap(found)
            } else if Self.isAny(of: searchOptions, word) {
                guard let value = ownValue ?? rest.popFirst() else { return nil }
                places.add(value)
            } else if Self.isAny(of: valuedLong, word) {
                if ownValue == nil { rest = rest.dropFirst() }
            } else if Self.isAny(of: inlineLong, word) {
                return nil
            } else if !hasWords, !bytes.starts(with: "--".utf8) {
                switch letters(bytes.dropFirst()) {
                case .none: break
                case .nextIsValue: rest = rest.dropFirst()
                case .inline: return nil
                case .module(let value): return (value ?? rest.first).map { "-m \($0)" }
                case .script(let value): return (value ?? rest.first).flatMap(found)
                }
            }
        }
        return nil
    }

    /// Whether a word that the process chooses is among these; longer ones aren't compared, for texts are compared in a time
    /// that can grow with the square of their length.
    private static func isAny(of words: Set<String>, _ word: String) -> Bool {
        word.utf8.count <= 64 && words.contains(word)
    }

    private enum Letters {
        case none
        case nextIsValue
        case inline
        case module(String?)
        case script(String?)
    }

    /// Reads options of one letter each, the last of which may be followed by its value (`-Wignore`).
    private func letters(_ options: Substring.UTF8View) -> Letters {
        var rest = options
        while let letter = rest.popFirst() {
            if inline.contains(letter) { return .inline }
            // Decoded where it is used alone, for there may be very many letters.
            func value() -> String? { rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self) }
            if modules.contains(letter) { return .module(value()) }
            if scriptOptions.contains("-" + String(UnicodeScalar(letter))) { return .script(value()) }
            if valued.contains(letter) { return rest.isEmpty ? .nextIsValue : .none }
            if attached.contains(letter) { return .none }
        }
        return .none
    }

    /// A long option and the value behind its `=`; PowerShell doesn't tell capitals from small letters.
    private func parted(_ argument: String) -> (word: String, value: String?) {
        guard hasWords || argument.utf8.starts(with: "--".utf8) else { return (argument, nil) }
        let bytes = argument.utf8
        let word = bytes.prefix { $0 != UInt8(ascii: "=") }
        let value =
            word.count < bytes.count ? String(decoding: bytes.dropFirst(word.count + 1), as: UTF8.self) : nil
        let text = String(decoding: word, as: UTF8.self)
        return (hasWords && !text.utf8.starts(with: "--".utf8) ? text.lowercased() : text, value)
    }
}
