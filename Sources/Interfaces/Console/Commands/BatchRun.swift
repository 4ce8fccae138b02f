// SPDX-License-Identifier: Apache-2.0

/// A command's work on each of several things at once, however it goes for the others.
enum BatchRun {
    /// Does it to all at once, so that none waits for one that takes long; says what goes wrong as it goes, and fails at
    /// the end if anything did.
    static func each<Element: Sendable>(
        of elements: [Element],
        _ act: @escaping @Sendable (Element) async throws(ConsoleError) -> Void
    ) async throws(ConsoleError) {
        let failures = await withTaskGroup(of: ConsoleError?.self) { group in
            for element in elements {
                group.addTask {
                    do throws(ConsoleError) {
                        try await act(element)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var failures: [ConsoleError] = []
            for await failure in group.compactMap(\.self) {
                failures.append(failure)
                if elements.count > 1 { Output.complaint(failure.text) }
            }
            return failures
        }
        guard let first = failures.first else { return }
        guard elements.count > 1 else { throw first }
        throw failure(failures, of: elements.count)
    }

    /// What several failures come to: what each of all came to, or else that some were refused.
    static func failure(_ failures: [ConsoleError], of all: Int) -> ConsoleError {
        let text = summary(failed: failures.count, of: all)
        guard failures.count == all, let code = failures.first?.exitCode,
            failures.allSatisfy({ $0.exitCode == code })
        else { return .refused(text) }
        return failures[0].saying(text)
    }

    static func summary(failed: Int, of all: Int) -> String {
        failed == all ? "All \(all) failed." : "\(failed) of \(all) failed; the rest is done."
    }
}
