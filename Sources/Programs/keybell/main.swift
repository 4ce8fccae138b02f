// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Console
import DerivationProcess
import Glibc
import Linux

StandardDescriptors.hold()
DerivationWorker.runIfAsked()
DispatchLog.silence()
exit(await Invocation.run(Array(CommandLine.arguments.dropFirst())))
