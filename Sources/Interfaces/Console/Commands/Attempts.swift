// SPDX-License-Identifier: Apache-2.0

/// Something that is done to each of several, however it goes for the others.
enum Attempts {
    /// Does it to each, says what went wrong as it goes, and fails at the end if anything did.
    static func each<Element>(
        of elements: [Element],
        _ act: (Element) async throws(ConsoleError) -> Void
    ) async throws(ConsoleError) {
        var failed = 0
        for element in elements {
            do throws(ConsoleError) {
                try await act(element)
            } catch {
                failed += 1
                Output.complaint(error.text)
            }
        }
        guard failed == 0 else {
            throw .refused("\(failed) of \(elements.count) failed; the rest is done.")
        }
    }
}
