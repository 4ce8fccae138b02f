// SPDX-License-Identifier: Apache-2.0

import Operations

extension Configuration {
    /// The tables that differ from those of an earlier configuration, and can be put in force as they are.
    package func tables(unlike former: Configuration) -> [String] {
        let (rules, old) = (policy.standard, former.policy.standard)
        let tables: [(name: String, isOther: Bool)] = [
            (
                "[http]",
                http.allowedOrigins != former.http.allowedOrigins || hasOtherCertificate(than: former)
            ),
            ("[[vault]]", vaults != former.vaults),
            ("[match]", policy.match != former.policy.match),
            (
                "[fields]",
                (rules.returnsFields, rules.onlyKPHFields) != (old.returnsFields, old.onlyKPHFields)
            ),
            ("[access]", (rules.access, rules.bulkAccess) != (old.access, old.bulkAccess)),
            ("[save]", (rules.saving, rules.saveGroup) != (old.saving, old.saveGroup)),
            (
                "[unlock]",
                unlock != former.unlock || policy.unlocksOnRequest != former.policy.unlocksOnRequest
            ),
            ("[lock]", lock != former.lock),
            ("[approval]", approval != former.approval),
            ("[audit]", audit != former.audit),
            ("[notify]", notify != former.notify),
            ("[generate]", policy.recipe != former.policy.recipe),
            (
                "[protocol]",
                (rules.version, rules.passwordsInGetAllLogins, rules.groups)
                    != (old.version, old.passwordsInGetAllLogins, old.groups)
            ),
            // Each is laid over the tables above, and follows them.
            ("[[client]]", policy.exceptions != former.policy.exceptions),
        ]
        return tables.filter(\.isOther).map(\.name)
    }

    /// The keys whose new values take effect when a daemon that was started with another configuration is restarted:
    /// what it listens on, and which collection it has read.
    package func keysAfterRestart(startedWith first: Configuration) -> [String] {
        let servesHTTPS = first.http.certificate != nil
        let keys: [(name: String, isOther: Bool)] = [
            ("http.port", http.port != first.http.port),
            ("http.certificate", (http.certificate != nil) != servesHTTPS),
            (
                "http.tls_port",
                servesHTTPS && http.certificate != nil && http.tlsPort != first.http.tlsPort
            ),
            ("keyring.collection", keyring != first.keyring),
        ]
        return keys.filter(\.isOther).map(\.name)
    }

    /// Whether HTTPS is served with other files, or the same ones with other contents; beginning or ending to serve it
    /// is another matter.
    private func hasOtherCertificate(than former: Configuration) -> Bool {
        http.certificate != nil && former.http.certificate != nil
            && http.certificate != former.http.certificate
    }
}
