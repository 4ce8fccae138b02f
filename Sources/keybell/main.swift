// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc

exit(await Invocation.run(Array(CommandLine.arguments.dropFirst())))
