// SPDX-License-Identifier: Apache-2.0

import Console
import DerivationProcess
import Glibc
import Kernel

DerivationWorker.runIfAsked()
DispatchLog.silence()
exit(await Invocation.run(Array(CommandLine.arguments.dropFirst())))
