// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP

extension OutgoingRequest {
    /// The unsigned test-associate that asks for version and hash.
    static func ping() -> [UInt8] {
        Array(#"{"RequestType":"test-associate","TriggerUnlock":false}"#.utf8)
    }
}
