// SPDX-License-Identifier: Apache-2.0

import Approval

/// A question's title and lines, as far as there is room for them.
///
/// What is asked, where, all warnings, whether passwords go out, and the code are never left to be cut off by the
/// server. If there isn't room for the whole text it is said in fewer words, and the text ends with where the rest is.
struct QuestionText: Sendable, Equatable {
    /// What is said in addition to the question itself.
    struct Extras: Sendable {
        /// The command that answers it, where no button can be relied upon.
        var way: String?
        /// That it is shown again, and how often.
        var again: String?
        /// Why it is shown again, where that has to be said.
        var note: String?
        /// How many others wait.
        var others: String?
    }

    let title: String
    let lines: [String]

    init(_ request: PendingRequest, in room: TextRoom, _ extras: Extras) {
        // The code stands once: where no button can be relied upon, in what is to be typed. Behind warnings that would be
        // out of sight where just a few lines are drawn.
        let isWayInTitle = extras.way != nil && request.lines.hasWarnings && room.title == nil
        let answering = extras.way == nil ? request.code : isWayInTitle ? extras.way : nil
        let mark = [answering, extras.again].compactMap(\.self).joined(separator: ", ")
        let way = isWayInTitle ? nil : extras.way.map { "Run \($0) (or deny …)" }

        /// The title, and the question if the title has no room for it: in the text, before everything that a client
        /// claims.
        func headed(_ question: String, leading: String? = nil, _ mark: String) -> (
            title: String, first: [String]
        ) {
            let whole = mark.isEmpty ? question : "\(question) (\(mark))"
            if room.draws(title: whole) { return (whole, []) }
            return (mark.isEmpty ? "Keybell asks" : "Keybell asks (\(mark))", [leading ?? question])
        }

        let whole = headed(request.title, leading: request.leadingTitle, mark)
        let lines = request.lines.shown(
            first: whole.first.first,
            way: way,
            note: extras.note,
            last: extras.others
        )
        guard !room.draws(lines, under: whole.title) else {
            (title, self.lines) = (whole.title, lines)
            return
        }
        let brief = headed(request.briefTitle, mark)
        func ways(_ form: BodyLines.BriefForm, _ head: (title: String, first: [String])) -> [(
            String, [String]
        )] {
            request.lines.cores(way: way, form).map { (head.title, head.first + $0) }
        }
        let named = ways(.full, whole) + ways(.shorter, whole) + ways(.shorter, brief)
        let briefest = ways(.brief, whole) + ways(.brief, brief)
        let more = [BodyLines.more]
        func hasRoomForMore(_ way: (String, [String])) -> Bool { room.draws(way.1 + more, under: way.0) }
        // The names of all new sites are worth more than where the rest is.
        let tight = request.lines.hasMoreNames ? named.first { room.draws($0.1, under: $0.0) } : nil
        if let (title, core) = named.first(where: hasRoomForMore)
            ?? (tight == nil ? briefest.first(where: hasRoomForMore) : nil)
        {
            let extra = [extras.note] + request.lines.rest + [extras.others]
            self.title = title
            // The question doesn't count among the lines below it.
            let most = BodyLines.most - more.count + whole.first.count
            self.lines =
                Self.filled(core, with: extra.compactMap(\.self), atMost: most, in: room, under: title) + more
            return
        }
        // They themselves say where the rest is, and how to answer is said there.
        let short = headed(
            request.terseTitle,
            [request.code, extras.again].compactMap(\.self).joined(separator: ", ")
        )
        let last =
            [tight].compactMap(\.self) + named + briefest
            + request.lines.counted.map { (short.title, short.first + $0) }
        (title, self.lines) = last.first { room.draws($0.1, under: $0.0) } ?? last.last ?? whole
    }

    /// As many further lines as there is room for next to where the rest is.
    private static func filled(
        _ core: [String],
        with extra: [String],
        atMost most: Int,
        in room: TextRoom,
        under title: String
    ) -> [String] {
        var lines = core
        for line in extra
        where lines.count < most && room.draws(lines + [line, BodyLines.more], under: title) {
            lines.append(line)
        }
        return lines
    }
}
