// SPDX-License-Identifier: Apache-2.0

import Vault

extension KDBXStore {
    /// What keeps the person from being asked for its password.
    package func unlockObstacle() async -> String? { await passwords.obstacle() }
}
