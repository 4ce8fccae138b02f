// SPDX-License-Identifier: Apache-2.0

/// What `keybell watch` says when an allow wants one more key.
enum ConfirmingText {
    /// The same in ever fewer words: the first form for which there is room is shown.
    ///
    /// - Parameters:
    ///   - key: The key that is to be pressed once more; 10 for Enter alone.
    ///   - how: For how long, or under which name, it is allowed.
    ///   - request: What is.
    ///   - timeout: How long that is waited for.
    /// - Returns: The forms, the longest first.
    static func question(
        key: UInt8,
        how: String?,
        of request: RequestDetails?,
        within timeout: Duration
    ) -> [String] {
        let letter = "\(Character(Unicode.Scalar(key))) again"
        let (again, briefly) = key == 10 ? ("Enter", "Enter") : ("\(letter), or Enter,", letter)
        let what = request.map { "\($0.code)  \($0.title)\n" } ?? ""
        let deed = how.map { " \($0)" } ?? ""
        let time = "within \(timeout.components.seconds) seconds"
        return [
            "\(what)Allow\(deed)? Press \(again) \(time): yes; any other key: no.",
            "\(what)Allow\(deed)? Press \(briefly).",
            "\(request?.code ?? ""): allow\(deed)? Press \(briefly).",
        ]
    }
}
