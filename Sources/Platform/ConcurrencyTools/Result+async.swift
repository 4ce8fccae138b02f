// SPDX-License-Identifier: Apache-2.0

extension Result {
    /// The outcome of an asynchronous operation, to carry a typed error through a task, which can't throw one.
    package init(_ operation: () async throws(Failure) -> Success) async {
        do throws(Failure) {
            self = .success(try await operation())
        } catch {
            self = .failure(error)
        }
    }
}
