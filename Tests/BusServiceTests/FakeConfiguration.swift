// SPDX-License-Identifier: Apache-2.0

import BusService
import ConcurrencyTools
import TestSupport

/// A configuration that says what a test wants.
final class FakeConfiguration: ConfigurationService {
    let outcome = Observed<Result<ReloadReport, ReloadError>>(
        .success(ReloadReport(changed: [], afterRestart: []))
    )
    let answer = Observed(
        ConfigurationState(file: "/config.toml", isCurrent: true, port: 19455, collection: "login")
    )
    let news = Broadcast<Void>()

    func reload() async throws(ReloadError) -> ReloadReport {
        let report = try outcome.now.get()
        news.send(())
        return report
    }

    func state() async -> ConfigurationState { answer.now }

    func changes() -> AsyncStream<Void> { news.listen() }
}
