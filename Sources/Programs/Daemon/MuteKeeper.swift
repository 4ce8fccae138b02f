// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import Linux
import Logging

/// Keeps mutes in the state folder, so that they last as long as the person has said, whenever the daemon is started anew.
struct MuteKeeper: Sendable {
    let file: MuteFile
    let logger: Logger

    /// How long a disk may take.
    private static let patience = Duration.seconds(5)

    /// The mutes of the daemon before; none where they can't be read, which the log says.
    func kept() async -> [KeptMute] {
        do {
            return try await withDeadline(Self.patience) { [file] in
                try await BlockingWork.state { () throws(MuteFile.ReadError) in try file.read() }
            }
        } catch {
            logger.warning(
                "what was muted before isn't muted any more: mutes.json in the state folder can't be used",
                metadata: ["why": "\(Self.reason(error))"]
            )
            return []
        }
    }

    /// Keeps them in place of those before, a moment later.
    func keep(_ mutes: [KeptMute]) {
        BlockingWork.state.begin { [file, logger] in
            do throws(SystemCallError) {
                try file.write(mutes)
            } catch {
                logger.warning(
                    "a mute could not be kept, and ends with keybelld",
                    metadata: ["why": "\(error)"]
                )
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? MuteFile.ReadError {
        case .unreadable(let error)?: "\(error)"
        case .senseless?: "it is no file of this Keybell's"
        case nil: "the disk takes too long"
        }
    }
}
