// SPDX-License-Identifier: Apache-2.0

import Approval

/// The texts that a question may have, from the whole one to those that take less and less room.
struct QuestionDrafts {
    private let request: PendingRequest
    private var words: QuestionWords
    private let room: TextRoom
    private let extras: QuestionText.Extras
    /// What stands in brackets behind the question.
    private let mark: String
    /// How to answer, where that isn't in the title.
    private let way: String?
    /// The title where the question has no room in it.
    private static let untitled = "Keybell asks"

    init(_ request: PendingRequest, in room: TextRoom, _ extras: QuestionText.Extras) {
        (self.request, self.room, self.extras) = (request, room, extras)
        words = request.words
        // The code stands once: where no button can be relied upon, in what is to be typed. Behind warnings that would be
        // out of sight where just a few lines are drawn.
        let isWayInTitle = extras.way != nil && words.lines.hasWarnings && room.title == nil
        let answering = extras.way == nil ? request.code : isWayInTitle ? extras.way : nil
        mark = [answering, extras.again].compactMap(\.self).joined(separator: ", ")
        way = isWayInTitle ? nil : extras.way.map { "Run \($0) (or deny …)" }
    }

    /// The first of them that the server draws.
    var best: QuestionText {
        let heads = [
            head(request.title, leading: words.roomyTitle, mark),
            head(request.title, leading: words.leadingTitle, mark),
        ]
        // How many others wait is worth less than any of the question's own words.
        let wholes = [BodyLines.BriefForm.full, .shorter].flatMap { form in
            [extras.others, nil].flatMap { others in heads.map { whole(form, below: $0, others) } }
        }
        if let whole = wholes.first(where: isDrawn) { return whole }
        let head = heads[1]
        let brief = self.head(words.briefTitle, mark)
        let named = cores(.full, below: head) + cores(.shorter, below: head) + cores(.shorter, below: brief)
        let briefest = cores(.brief, below: head) + self.briefest
        // The names of all new sites are worth more than where the rest is.
        let tight = words.lines.hasMoreNames ? named.first(where: isDrawn) : nil
        let roomy = named.filter(hasRoomForMore)
        // What matters most beside the core is worth more than longer warnings.
        if let core = roomy.first(where: { filled($0) != $0 }) ?? roomy.first
            ?? (tight == nil ? briefest.first(where: hasRoomForMore) : nil)
        {
            return filled(core).adding([BodyLines.more])
        }
        let drafts = [tight].compactMap(\.self) + named + briefest
        if let text = drafts.first(where: isDrawn) { return pointing(text) }
        return last.first(where: isDrawn) ?? last.last ?? wholes[1]
    }

    /// What is left where not even the briefest text is drawn as it is.
    ///
    /// A host is never shortened, but written with its A-labels, whose letters are low. Whatever else may be high has
    /// its high letters left out: where a text's own height is the limit those are very high, or many, and the names
    /// of all warnings are worth more; where it is fixed any Chinese name is high, and is worth more than they are.
    private var last: [QuestionText] {
        var drafts = self
        drafts.words = request.wordsWithALabels
        let low = drafts.briefest.map(\.withoutTallLetters)
        let counts = counted + drafts.counted
        return drafts.briefest + (room.height == .own ? low + counts : counts + low)
            + drafts.counted.map(\.withoutTallLetters)
    }

    /// The question in few words, with all warnings and what goes out.
    private var briefest: [QuestionText] {
        [words.briefTitle, words.terseTitle].flatMap { cores(.brief, below: head($0, mark)) }
    }

    /// All that is asked for, below a question.
    private func whole(
        _ form: BodyLines.BriefForm,
        below head: QuestionText,
        _ others: String?
    ) -> QuestionText {
        let lines = words.lines.shown(
            form,
            first: head.lines.first,
            way: way,
            note: extras.note,
            last: others
        )
        return QuestionText(title: head.title, lines: lines)
    }

    /// The same with where the rest is, if its last line has room for that, and doesn't say so itself.
    private func pointing(_ text: QuestionText) -> QuestionText {
        guard let last = text.lines.last, !text.lines.contains(where: { $0.contains("see keybell") }) else {
            return text
        }
        let longer = QuestionText(
            title: text.title,
            lines: text.lines.dropLast() + ["\(last) \(BodyLines.more)"]
        )
        return isDrawn(longer) ? longer : text
    }

    /// Just the weightiest warnings: they themselves say where the rest is, and how to answer is said there.
    private var counted: [QuestionText] {
        let mark = [request.code, extras.again].compactMap(\.self).joined(separator: ", ")
        let head = head(words.terseTitle, mark)
        return words.lines.counted.map { head.adding($0).lackingWarnings }
    }

    /// What is never left out, below a question.
    private func cores(_ form: BodyLines.BriefForm, below head: QuestionText) -> [QuestionText] {
        words.lines.cores(way: way, form).map(head.adding)
    }

    /// The title, and the question if the title has no room for it: in the text, before everything that a client claims.
    private func head(_ question: String, leading: String? = nil, _ mark: String) -> QuestionText {
        let whole = mark.isEmpty ? question : "\(question) (\(mark))"
        if room.draws(title: whole) { return QuestionText(title: whole, lines: []) }
        return QuestionText(
            title: mark.isEmpty ? Self.untitled : "\(Self.untitled) (\(mark))",
            lines: [leading ?? question]
        )
    }

    /// As many further lines as there is room for next to where the rest is, the weightiest first: none takes the place
    /// of a weightier one that is too long.
    private func filled(_ core: QuestionText) -> QuestionText {
        // The question in front of a core doesn't count among the lines below it.
        let most = BodyLines.most - 1 + (core.title.hasPrefix(Self.untitled) ? 1 : 0)
        var text = core
        func takes(_ forms: [String]) -> Bool {
            guard text.lines.count < most,
                let longer = forms.lazy.map({ text.adding([$0]) }).first(where: hasRoomForMore)
            else { return false }
            text = longer
            return true
        }
        if let note = extras.note { _ = takes([note]) }
        guard words.lines.rest.allSatisfy(takes) else { return text }
        if let others = extras.others { _ = takes([others]) }
        return text
    }

    private func isDrawn(_ text: QuestionText) -> Bool {
        room.draws(text.lines, under: text.title)
    }

    private func hasRoomForMore(_ text: QuestionText) -> Bool {
        isDrawn(text.adding([BodyLines.more]))
    }
}
