// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Settings

extension Configuration {
    /// The configuration at a path, else the usual one; one that is wrong is told as wrong usage.
    static func forCommand(_ path: String?) throws(ConsoleError) -> Configuration {
        do throws(ConfigurationError) {
            return try load(path: path)
        } catch {
            throw .usage(PlainText.cleaned(error.description))
        }
    }
}
