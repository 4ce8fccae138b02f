// SPDX-License-Identifier: Apache-2.0

import DBus
import Synchronization

/// The kinds of questions that came, in their order.
final class AskedKinds: Sendable {
    private let seen = Mutex<[String]>([])

    var all: [String] { seen.withLock { $0 } }

    /// Notes a question; nil, so that it can stand where an answer is looked for.
    func note(_ question: BusAnswerer.QuestionKey) -> String? {
        seen.withLock { $0.append(question.kind ?? "") }
        return nil
    }

    /// Notes a question and answers its kind.
    func kind(_ question: BusAnswerer.QuestionKey) -> String? {
        _ = note(question)
        return question.kind
    }
}

/// The `fields` of the save requests that came.
final class Fields: Sendable {
    private let seen = Mutex<[[String]]>([])

    var all: [[String]] { seen.withLock { $0 } }

    func note(_ question: BusAnswerer.QuestionKey) -> String? {
        let names = question.details["fields"]?.asArray?.compactMap(\.asString) ?? []
        seen.withLock { $0.append(names) }
        return nil
    }
}

/// The asking programs' executables.
final class Executables: Sendable {
    private let seen = Mutex<[String]>([])

    var all: [String] { seen.withLock { $0 } }

    func note(_ question: BusAnswerer.QuestionKey) -> String? {
        seen.withLock { $0.append(question.caller["executable"]?.asString ?? "") }
        return nil
    }
}
