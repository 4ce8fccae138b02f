// SPDX-License-Identifier: Apache-2.0

import Logging
import SecretService
import TestSupport

extension RefusingProvider {
    /// A keyring over it, which logs nothing.
    func keyring() async throws -> Keyring {
        Keyring(bus: try await bus.connect(), address: bus.address, deadline: .seconds(20), logger: quiet)
    }
}

/// Logs nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
