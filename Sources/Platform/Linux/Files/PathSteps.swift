// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The folders on the way to a file, and the file, looked at one by one.
///
/// It follows no links, and it ends before the first folder for which another program or machine answers.
struct PathSteps {
    /// No installed program is deeper down; each step takes several system calls.
    private static let most = 64

    private struct Step {
        let identity: FileIdentity
        let isWritable: Bool
    }

    /// From the top down, as far as they are there.
    private let steps: [Step]
    /// Whether all of the path is there.
    private let isWhole: Bool

    /// Follows an absolute path; nil if it leads through files that another program serves, or is too deep.
    init?(to path: String, mounts: MountTable) {
        var steps: [Step] = []
        var folder: Descriptor?
        var names = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)[...]
        guard names.count <= Self.most else { return nil }
        var next: String? = "/"
        while let name = next {
            let above = folder?.number ?? AT_FDCWD
            guard let here = Self.open(name, in: above), let identity = FileIdentity(here.number, "") else {
                break
            }
            guard mounts.holdsLocally(identity) else { return nil }
            let isWritable =
                unsafe faccessat(AT_FDCWD, "/proc/self/fd/\(here.number)", W_OK, AT_EACCESS) == 0
            steps.append(Step(identity: identity, isWritable: isWritable))
            guard !identity.isKind(S_IFLNK) else { break }
            folder = consume here
            next = names.popFirst()
        }
        self.steps = steps
        isWhole = next == nil
    }

    private static func open(_ name: String, in folder: Int32) -> Descriptor? {
        // Why it can't be opened doesn't matter: the path ends there.
        try? Descriptor(
            "openat",
            unsafe openat(folder, name, Int32(keybell_O_PATH) | O_NOFOLLOW | O_CLOEXEC)
        )
    }

    /// What is at the path; nil if nothing is.
    var file: FileIdentity? { isWhole ? steps.last?.identity : nil }

    /// Whether a user owns or may write a file, or may put another one in its place or a folder in that of one above.
    func isReplaceable(by uid: UInt32, file: FileIdentity) -> Bool {
        if file.uid == uid || file.mode & S_IWOTH != 0 { return true }
        var folders = steps[...]
        if isWhole, folders.popLast()?.isWritable == true { return true }
        var child = file.uid
        for folder in folders.reversed() {
            if folder.identity.uid == uid { return true }
            // In a sticky folder only the owners of what is in it may rename it.
            let isSticky = folder.identity.mode & 0o1000 != 0
            if folder.isWritable, !isSticky || child == uid { return true }
            child = folder.identity.uid
        }
        return false
    }
}
