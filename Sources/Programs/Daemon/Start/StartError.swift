// SPDX-License-Identifier: Apache-2.0

/// Why the daemon can't run; ready to be shown to the person.
enum StartError: Error, CustomStringConvertible {
    case noBus(String)
    case runsAlready(pid: Int32?)
    case port(String, runsAlready: Int32?)
    case tlsPort(String)

    var description: String {
        switch self {
        case .noBus(let reason):
            "there is no session bus to ask you on: \(reason). Log in to a desktop or start one with `dbus-run-session`; `make run` brings its own."
        case .runsAlready(let pid):
            "keybelld runs already\(pid.map { " (process \($0))" } ?? ""): `keybell status` asks it how it is."
        case .port(let reason, let pid?):
            "\(reason). keybelld runs already (process \(pid)): `keybell status` asks it how it is."
        case .port(let reason, nil):
            "\(reason). End that program, or choose another port: `[http] port` in config.toml."
        case .tlsPort(let reason):
            "\(reason). End that program, or choose another port for HTTPS: `[http] tls_port` in config.toml."
        }
    }
}
