// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

@testable import KDBX

extension KeyDerivation {
    /// The same function at next to no cost.
    var madeCheap: KeyDerivation {
        switch self {
        case .aes:
            return .aes(rounds: 10)
        case .argon2(var parameters):
            (parameters.memory, parameters.iterations, parameters.lanes) = (16 << 10, 1, 1)
            return .argon2(parameters)
        }
    }
}

extension Database {
    /// The same database, to be written with a derivation that does not hold a test up.
    func madeCheap() throws -> Database {
        var cheap = self
        cheap.header.set(try header.keyDerivation.madeCheap)
        return cheap
    }
}

extension CompositeKey {
    /// A password and nothing else.
    static func password(_ text: String) throws -> CompositeKey {
        try CompositeKey(password: SecretBytes(utf8: text))
    }
}
