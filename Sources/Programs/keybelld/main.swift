// SPDX-License-Identifier: Apache-2.0

import Daemon

ProcessEntry.daemon()
