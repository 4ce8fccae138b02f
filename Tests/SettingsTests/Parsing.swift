// SPDX-License-Identifier: Apache-2.0

@testable import Settings

let folders = Folders(environment: ["HOME": "/home/ann"], accountHome: "/")

func parse(_ text: String) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(text, file: "config.toml", folders: folders)
}

/// The error's line, or the empty text when there is none.
func complaint(about text: String) -> String {
    do {
        _ = try parse(text)
        return ""
    } catch {
        return error.description
    }
}
