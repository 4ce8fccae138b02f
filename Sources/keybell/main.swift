// SPDX-License-Identifier: Apache-2.0

import Console
import DerivationProcess
import Glibc

DerivationWorker.runIfAsked()
exit(await Invocation.run(Array(CommandLine.arguments.dropFirst())))
