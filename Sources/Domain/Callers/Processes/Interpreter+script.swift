// SPDX-License-Identifier: Apache-2.0

extension Interpreter {
    /// Finds the script among the arguments.
    ///
    /// - Parameters:
    ///   - arguments: All, the program's own name first.
    ///   - folder: The process's current folder, for a relative path.
    /// - Returns: The script's absolute path or `-m` and a module, after the places where it is looked for if the
    ///   arguments name any; nil if there isn't one.
    func script(in arguments: [String], folder: String?) -> String? {
        // All is compared as bytes, for the process chooses them.
        var rest = arguments.dropFirst()
        var places = ""
        var isFirst = true
        func found(_ path: String) -> String? {
            absolute(path, in: folder).map { places + $0 }
        }
        while let argument = rest.popFirst() {
            let bytes = argument.utf8
            if isFirst, verbs.contains(argument) {
                isFirst = false
                continue
            }
            if bytes.elementsEqual("--".utf8) {
                return isScriptByOptionAlone ? nil : rest.first.flatMap(found)
            }
            guard bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") else {
                if isScriptByOptionAlone || (isFirst && inlineLong.contains(argument)) { return nil }
                return found(argument)
            }
            guard bytes.count > 1 || bytes.first != UInt8(ascii: "-") else { return nil }
            let (word, ownValue) = parted(argument)
            if scriptOptions.contains(word) {
                // Java then takes nothing from elsewhere.
                if word == "-jar" { places = "" }
                return (ownValue ?? rest.first).flatMap(found)
            } else if searchOptions.contains(word) {
                guard let value = ownValue ?? rest.popFirst(), let all = absolutePlaces(value, in: folder)
                else { return nil }
                places += all + " "
            } else if valuedLong.contains(word) {
                if ownValue == nil { rest = rest.dropFirst() }
            } else if inlineLong.contains(word) {
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

    /// The places of a search path, of which an empty one is the current folder; nil if one of them isn't known.
    private func absolutePlaces(_ list: String, in folder: String?) -> String? {
        let places = list.split(separator: ":", omittingEmptySubsequences: false)
        let known = places.compactMap { $0.isEmpty ? folder : absolute(String($0), in: folder) }
        return known.count == places.count ? known.joined(separator: ":") : nil
    }

    private func absolute(_ path: String, in folder: String?) -> String? {
        guard let first = path.utf8.first else { return nil }
        guard first != UInt8(ascii: "/") else { return Self.normalized(path) }
        return folder.map { Self.normalized("\($0)/\(path)") }
    }

    /// Takes `.`, `..` and doubled slashes out of an absolute path, by its text alone.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
