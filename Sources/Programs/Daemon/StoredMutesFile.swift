// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import Linux
import Logging

/// Keeps mutes in `mutes.json`, so that they last as long as the person has said (`Choices.muteSeconds`, at most
/// `ApprovalLimits.longestMute`), whenever the daemon is started anew.
struct StoredMutesFile: Sendable {
    private let file: StateFile<StoredMutes>
    private let logger: Logger
    private let writing: RetriedWriting<[StoredMute]>
    /// The codes of those that it has no room for.
    private let leftOut: CurrentValue<Set<String>>

    /// Nothing is read or written yet.
    ///
    /// - Parameters:
    ///   - file: Where they are kept.
    ///   - pause: How long until what couldn't be written is tried again, for the first time.
    ///   - logger: Where trouble goes.
    init(file: StateFile<StoredMutes>, pause: Duration = .seconds(60), logger: Logger) {
        (self.file, self.logger) = (file, logger)
        let leftOut = CurrentValue(Set<String>())
        self.leftOut = leftOut
        writing = RetriedWriting(
            pause: pause,
            write: { mutes in
                let record = StoredMutes(mutes, within: file.longest)
                // Whether the disk has it for certain matters after a crash of the system alone.
                _ = try file.write(record)
                let (count, former) = (mutes.count - record.mutes.count, leftOut.value.count)
                leftOut.replace(with: Set(mutes.map(\.code)).subtracting(record.mutes.map(\.code)))
                guard count > former else { return }
                logger.warning(
                    "there is no room in mutes.json for all that is muted: the longest of them end with this daemon",
                    metadata: ["left out": "\(count)"]
                )
            },
            failed: { error in
                logger.warning(
                    "what is muted can't be kept: until that works, the next start goes by what was kept before",
                    metadata: ["why": "\(error)"]
                )
            },
            recovered: { logger.notice("mutes are kept again") }
        )
    }

    /// The mutes of the daemon before; none where they can't be read, which the log says.
    func kept() async -> [StoredMute] {
        do throws(StateFileError) {
            return try await BlockingWork.state { [file] () throws(StateFileError) in
                try file.read()?.mutes ?? []
            }
        } catch {
            logger.warning(
                "what was muted before isn't muted any more: mutes.json in the state folder can't be used",
                metadata: ["why": "\(Self.reason(error))"]
            )
            return []
        }
    }

    /// Keeps them in place of those before, a moment later; if that fails, when it works.
    func keep(_ mutes: [StoredMute]) {
        writing.write(mutes)
    }

    /// Whether the file has what was last to be kept, the mute of a code among it, if one is given; what couldn't be kept
    /// before is tried at once.
    func isKept(_ code: String? = nil) async -> Bool {
        let isWritten = await writing.flush(within: .seconds(5))
        return isWritten && !(code.map(leftOut.value.contains) ?? false)
    }

    private static func reason(_ error: StateFileError) -> String {
        switch error {
        case .unreadable(let error): "\(error)"
        case .senseless: "it is no file of this Keybell's"
        }
    }
}
