// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import DBus

struct `Values` {
    @Test(arguments: UInt64(0)..<200)
    func `what is sent comes back as it was`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let body = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            Value.random(depth: 4, using: &random)
        }
        let message = try RawMessage.signal("/a", "org.keybell.Test", "Thing", body)
        #expect(try message.body() == body, "seed \(seed)")
        #expect(message.signature == Signature(of: body).text)
    }

    @Test(arguments: [
        (Value.byte(1), "y"), (.boolean(true), "b"), (.int16(-2), "n"), (.uint16(2), "q"), (.int32(-3), "i"),
        (.uint32(3), "u"), (.int64(-4), "x"), (.uint64(4), "t"), (.double(0.5), "d"), (.string(""), "s"),
        (.objectPath("/"), "o"), (.signature(""), "g"), (.array("a{sv}", []), "aa{sv}"),
        (.structure([.string("a"), .byte(1)]), "(sy)"), (.vardict([:]), "a{sv}"),
        (.variant(.variant(.string("x"))), "v"), (.strings([]), "as"),
        (.array("(sss)", []), "a(sss)"),
    ])
    func `a value knows its signature`(value: Value, signature: String) throws {
        #expect(value.signature.text == signature)
        let message = try RawMessage.signal("/a", "org.keybell.Test", "Thing", [value])
        #expect(message.signature == signature)
        #expect(try message.body() == [value])
    }

    @Test(arguments: [
        Value.string("a\0b"), .array("s", [.byte(1)]), .array("ss", []), .array("", []), .structure([]),
        .dictionary(key: "as", value: "v", []), .dictionary(key: "v", value: "v", []),
        .dictionary(key: "s", value: "ss", []),
        .dictionary(key: "s", value: "v", [.init(key: .string("a"), value: .string("b"))]),
        .variant(.structure([])), .variant(.array("v", [.variant(.string("\0"))])),
    ])
    func `what D-Bus cannot carry is refused before libdbus sees it`(value: Value) {
        let error = #expect(throws: DBusError.self) {
            _ = try RawMessage.signal("/a", "org.keybell.Test", "Thing", [value])
        }
        #expect(error?.name == DBusError.Name.invalidArgs)
    }

    @Test func `a value that is nested too deep is refused`() {
        let deep = (0..<70).reduce(Value.byte(0)) { inner, _ in .variant(inner) }
        let lists = (0..<40).reduce(Value.byte(0)) { inner, _ in .array(inner.signature, [inner]) }
        let pairs = (0..<40).reduce(Value.byte(0)) { inner, _ in .structure([inner]) }
        for value in [deep, lists, pairs] {
            #expect(throws: DBusError.self) {
                _ = try RawMessage.signal("/a", "org.keybell.Test", "Thing", [value])
            }
        }
    }

    @Test func `a message beyond the largest size is refused`() {
        let error = #expect(throws: DBusError.self) {
            let text = String(repeating: "x", count: BodyCheck.largestBody)
            _ = try RawMessage.signal("/a", "org.keybell.Test", "Thing", [.string(text)])
        }
        #expect(error?.name == DBusError.Name.limitsExceeded)
    }

    @Test func `nothing is read of what there is no room for`() throws {
        let text = Value.string(String(repeating: "x", count: 10_000))
        let message = try RawMessage.signal("/a", "org.keybell.Test", "Thing", [text, text, .strings(["a"])])
        for (memory, values) in [(15_000, 2), (8000, 1), (0, 1)] {
            var budget = ValueDecoder.Budget.call(within: memory)
            let whole = budget.values
            do throws(DBusError) {
                _ = try message.body(within: &budget)
                Issue.record("it is read")
            } catch {
                #expect(error.name == DBusError.Name.limitsExceeded)
            }
            #expect(whole - budget.values == values)
        }
    }

    @Test func `a signature longer than 255 is refused`() {
        let body = [Value](repeating: .byte(0), count: 256)
        #expect(throws: DBusError.self) {
            _ = try RawMessage.signal("/a", "org.keybell.Test", "Thing", body)
        }
    }

    @Test(arguments: ["", "x", "/a/", "/a//b", "a/b", "/a b", "/a\0", "/ä"])
    func `a wrong object path is no path`(text: String) {
        #expect(ObjectPath(text) == nil)
    }

    @Test(arguments: ["(", "a", "{sv}", "a{vs}", "()", "z", "s\0", String(repeating: "a", count: 40) + "s"])
    func `a wrong signature is no signature`(text: String) {
        #expect(Signature(text) == nil)
    }

    @Test(arguments: ["", "a", "a..b", "org.keybell.", "org.key bell", "org.a\0"])
    func `a wrong bus name is no name`(text: String) {
        #expect(BusName(text) == nil)
    }

    @Test func `a dictionary is read by its keys, variants opened`() {
        let value = Value.vardict(["a": .uint32(1), "b": .string("x")])
        #expect(value.vardict == ["a": .uint32(1), "b": .string("x")])
        #expect(Value.strings(["a"]).vardict == nil)
        #expect(Value.strings(["a", "b"]).asStrings == ["a", "b"])
        #expect(Value.stringDict(["k": "v"]).asDict == [.string("k"): .string("v")])
    }
}

extension Value {
    /// Any value that D-Bus can carry.
    static func random(depth: Int, using random: inout some RandomNumberGenerator) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 16 : 12), using: &random) {
        case 0: return .byte(.random(in: .min ... .max, using: &random))
        case 1: return .boolean(.random(using: &random))
        case 2: return .int16(.random(in: .min ... .max, using: &random))
        case 3: return .uint16(.random(in: .min ... .max, using: &random))
        case 4: return .int32(.random(in: .min ... .max, using: &random))
        case 5: return .uint32(.random(in: .min ... .max, using: &random))
        case 6: return .int64(.random(in: .min ... .max, using: &random))
        case 7: return .uint64(.random(in: .min ... .max, using: &random))
        case 8: return .double(.random(in: -1e300...1e300, using: &random))
        case 9: return .objectPath(Bool.random(using: &random) ? "/" : "/org/keybell/Test")
        case 10: return .signature(Bool.random(using: &random) ? "" : "a{s(iv)}as")
        case 11: return .string(randomText(using: &random))
        case 12: return .variant(.random(depth: depth - 1, using: &random))
        case 13:
            return .structure(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    .random(depth: depth - 1, using: &random)
                }
            )
        case 14:
            let element = Value.random(depth: depth - 1, using: &random)
            return .array(
                element.signature,
                [Value](repeating: element, count: .random(in: 0...3, using: &random))
            )
        default:
            let content = Value.random(depth: depth - 1, using: &random)
            let entries = (0..<Int.random(in: 0...3, using: &random)).map {
                Entry(key: .uint16(UInt16($0)), value: content)
            }
            return .dictionary(key: "q", value: content.signature, entries)
        }
    }

    private static func randomText(using random: inout some RandomNumberGenerator) -> String {
        let scalars = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
            Unicode.Scalar(UInt32.random(in: 1...0x10FFFF, using: &random))
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
