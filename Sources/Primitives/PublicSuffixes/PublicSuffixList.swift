// SPDX-License-Identifier: Apache-2.0

import CLibPSL

/// The list of names below which strangers register (`com`, `co.uk`, `github.io`), as the system has it.
enum PublicSuffixList {
    /// The newer of the list that is compiled into libpsl and the distribution's file, as an address.
    ///
    /// A number, since the pointer itself could not be shared; it is neither written nor freed while the process lives.
    private static let address: UInt = {
        if let latest = unsafe psl_latest(nil) { return UInt(bitPattern: latest) }
        return unsafe UInt(bitPattern: psl_builtin())
    }()

    /// Whether a name is on the list; without any list every name is, so that no parent domain is ever matched.
    static func contains(_ name: DomainName) -> Bool {
        guard let list = unsafe OpaquePointer(bitPattern: address) else { return true }
        let sections = CInt(PSL_TYPE_ICANN | PSL_TYPE_PRIVATE)
        return unsafe psl_is_public_suffix2(list, name.text, sections) != 0
    }
}
