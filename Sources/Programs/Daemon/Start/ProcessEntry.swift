// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ConcurrencyTools
import DerivationProcess
import Dispatch
import DisplayText
import FoundationEssentials
import Glibc
import Linux

/// The way into the daemon.
package enum ProcessEntry {
    /// Runs `keybelld` with the arguments of this process, and exits.
    ///
    /// Everything runs on `MainLoop`, from the very first task: an asynchronous main would begin on the
    /// default one, which on Linux keeps a timer that never ends.
    package static func daemon() -> Never {
        StandardDescriptors.hold()
        // Until it is listened to: it would end the daemon.
        ProcessSignals.ignore(SIGHUP)
        // Rights belong to a thread and to those that it makes: now there is but one.
        let failure = Hardening.apply()
        DescriptorLimit.raise()
        DispatchLog.silence()
        DerivationWorker.runIfAsked()
        let command = parsed()
        Task(executorPreference: MainLoop.executor) {
            let status = await command.status(
                environment: ProcessInfo.processInfo.environment,
                hardeningFailure: failure
            )
            await StandardErrorLog.flush()
            exit(status)
        }
        dispatchMain()
    }

    /// What this process was told; without sense in it the end is that of a bad configuration.
    private static func parsed() -> DaemonCommand {
        do {
            return try DaemonCommand.parse()
        } catch {
            let isAsked = DaemonCommand.exitCode(for: error) == .success
            let stream = isAsked ? StandardStream.output : .error
            stream.write(PlainText.laidOut(DaemonCommand.fullMessage(for: error)) + "\n")
            exit(isAsked ? (stream.failure == nil ? 0 : 1) : 2)
        }
    }
}
