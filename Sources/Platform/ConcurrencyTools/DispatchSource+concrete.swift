// SPDX-License-Identifier: Apache-2.0

package import Dispatch

extension DispatchSourceProtocol {
    /// The source as the class behind every dispatch source, which unlike its protocols is Sendable.
    package var concrete: DispatchSource {
        guard let source = self as? DispatchSource else {
            preconditionFailure("libdispatch makes all its sources of one class")
        }
        return source
    }
}
