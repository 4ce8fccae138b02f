// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Settings

extension Configuration {
    /// The configuration at a path, else the usual one; one that is wrong is no wrong usage of the command.
    static func forCommand(_ path: String?) throws(ConsoleError) -> Configuration {
        do throws(ConfigurationError) {
            return try load(path: path)
        } catch {
            throw .refused(PlainText.cleaned(error.description))
        }
    }
}
