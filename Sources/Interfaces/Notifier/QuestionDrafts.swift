// SPDX-License-Identifier: Apache-2.0

import Approval

/// The texts that a question may have, from the whole one to those that take less and less room.
struct QuestionDrafts {
    private let request: PendingRequest
    private let room: TextRoom
    private let extras: QuestionText.Extras
    /// What stands in brackets behind the question.
    private let mark: String
    /// How to answer, where that isn't in the title.
    private let way: String?

    init(_ request: PendingRequest, in room: TextRoom, _ extras: QuestionText.Extras) {
        (self.request, self.room, self.extras) = (request, room, extras)
        // The code stands once: where no button can be relied upon, in what is to be typed. Behind warnings that would be
        // out of sight where just a few lines are drawn.
        let isWayInTitle = extras.way != nil && request.lines.hasWarnings && room.title == nil
        let answering = extras.way == nil ? request.code : isWayInTitle ? extras.way : nil
        mark = [answering, extras.again].compactMap(\.self).joined(separator: ", ")
        way = isWayInTitle ? nil : extras.way.map { "Run \($0) (or deny …)" }
    }

    /// The first of them that the server draws.
    var best: QuestionText {
        let head = head(request.title, leading: request.leadingTitle, mark)
        // How many others wait is worth less than any of the question's own words.
        let wholes = [extras.others, nil].map { others in
            QuestionText(
                title: head.title,
                lines: request.lines.shown(
                    first: head.lines.first,
                    way: way,
                    note: extras.note,
                    last: others
                )
            )
        }
        if let whole = wholes.first(where: isDrawn) { return whole }
        let brief = self.head(request.briefTitle, mark)
        let named = cores(.full, below: head) + cores(.shorter, below: head) + cores(.shorter, below: brief)
        let briefest = cores(.brief, below: head) + cores(.brief, below: brief)
        // The names of all new sites are worth more than where the rest is.
        let tight = request.lines.hasMoreNames ? named.first(where: isDrawn) : nil
        if let core = named.first(where: hasRoomForMore)
            ?? (tight == nil ? briefest.first(where: hasRoomForMore) : nil)
        {
            // The question doesn't count among the lines below it.
            return filled(core, atMost: BodyLines.most - 1 + head.lines.count).adding([BodyLines.more])
        }
        let drafts = [tight].compactMap(\.self) + named + briefest
        if let text = drafts.first(where: isDrawn) { return pointing(text) }
        return counted.first(where: isDrawn) ?? counted.last ?? wholes[1]
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
        let head = head(request.terseTitle, mark)
        return request.lines.counted.map(head.adding)
    }

    /// What is never left out, below a question.
    private func cores(_ form: BodyLines.BriefForm, below head: QuestionText) -> [QuestionText] {
        request.lines.cores(way: way, form).map(head.adding)
    }

    /// The title, and the question if the title has no room for it: in the text, before everything that a client claims.
    private func head(_ question: String, leading: String? = nil, _ mark: String) -> QuestionText {
        let whole = mark.isEmpty ? question : "\(question) (\(mark))"
        if room.draws(title: whole) { return QuestionText(title: whole, lines: []) }
        return QuestionText(
            title: mark.isEmpty ? "Keybell asks" : "Keybell asks (\(mark))",
            lines: [leading ?? question]
        )
    }

    /// As many further lines as there is room for next to where the rest is.
    private func filled(_ core: QuestionText, atMost most: Int) -> QuestionText {
        let further = [extras.note] + request.lines.rest + [extras.others]
        return further.compactMap(\.self).reduce(core) { text, line in
            let longer = text.adding([line])
            return text.lines.count < most && hasRoomForMore(longer) ? longer : text
        }
    }

    private func isDrawn(_ text: QuestionText) -> Bool {
        room.draws(text.lines, under: text.title)
    }

    private func hasRoomForMore(_ text: QuestionText) -> Bool {
        isDrawn(text.adding([BodyLines.more]))
    }
}
