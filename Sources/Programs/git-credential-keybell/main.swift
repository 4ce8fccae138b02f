// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Console
import Glibc
import Linux

StandardDescriptors.hold()
DispatchLog.silence()
exit(await Invocation.runGitHelper(Array(CommandLine.arguments.dropFirst())))
