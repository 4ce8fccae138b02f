// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Why a file can't be trusted, or can't be read.
package enum FileTrustError: Error, Equatable, Sendable {
    /// The file can't be opened or read.
    case unreadable(SystemCallError)
    /// Other users may write to this file or folder.
    case writable(String)
    /// This file, folder or link is neither this user's nor root's.
    case foreign(String, uid: UInt32)
}

/// Files that say what this process runs, used only where no other user could have written or replaced them.
///
/// The rule is that of sshd: a file and each folder on the way to it, from the home folder down (from the root for what
/// isn't in it), belong to this user or to root, and nobody else may write to them. A folder with the sticky bit, such
/// as /tmp, is fine, for nobody else can replace this user's files in it. A group with this user as its only member may
/// write (`umask 002`, where each user has a group of their own). Links are followed, and their folders looked at, too.
package enum FileTrust {
    /// Reads a regular file that no other user could have written.
    ///
    /// Each step is taken from the folder that was just looked at, and the bytes come from the very file that was.
    ///
    /// - Parameters:
    ///   - path: The file, or a link to it; relative to the current folder.
    ///   - home: This user's home folder.
    ///   - limit: How many bytes it may have.
    /// - Returns: All of it.
    /// - Throws: What is wrong with it or on the way to it.
    package static func read(
        _ path: String,
        home: String,
        limit: Int = 1 << 20
    ) throws(FileTrustError) -> [UInt8] {
        var walk = try FileWalk(home: home)
        let file = try walk.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        do throws(SystemCallError) {
            return try FileBytes.read(file, limit: limit)
        } catch {
            throw .unreadable(error)
        }
    }

    /// Makes sure that no other user could have written or replaced a file, which is not read.
    ///
    /// - Parameters:
    ///   - path: The file, or a link to it.
    ///   - home: This user's home folder.
    /// - Throws: What is wrong with it or on the way to it.
    package static func check(_ path: String, home: String) throws(FileTrustError) {
        var walk = try FileWalk(home: home)
        _ = try walk.open(path, Int32(keybell_O_PATH))
    }

    /// Whether users other than this one and root may read a file, going by its owner and its mode alone.
    ///
    /// - Throws: The failing call's `errno`.
    package static func othersMayRead(_ path: String) throws(SystemCallError) -> Bool {
        let file = try Descriptor("open", unsafe open(path, Int32(keybell_O_PATH) | O_CLOEXEC))
        let status = try file.status()
        if status.st_uid != geteuid(), status.st_uid != 0 { return true }
        return status.st_mode & S_IROTH != 0
            || (status.st_mode & S_IRGRP != 0 && !PrivateGroup.isPrivate(status.st_gid, file))
    }
}

/// A way through the file system, step by step, that remembers the first thing on it that others could change.
private struct FileWalk {
    /// As many as the kernel follows.
    private static let longestChain = 40

    private let home: (device: dev_t, inode: ino_t)?
    private let user = geteuid()
    /// What was wrong on the way to a link, which counts wherever the link leads.
    private var settled: FileTrustError?
    /// What is wrong on the present way; reaching the home folder clears it.
    private var pending: FileTrustError?

    init(home: String) throws(FileTrustError) {
        var status = stat()
        // Without a home folder everything from the root on counts.
        self.home = unsafe stat(home, &status) == 0 ? (status.st_dev, status.st_ino) : nil
    }

    /// Opens what a path leads to, a regular file, once all the way to it has been looked at.
    mutating func open(_ path: String, _ flags: Int32) throws(FileTrustError) -> Descriptor {
        var rest = parts(path.hasPrefix("/") ? path : WorkingFolder.path + "/" + path)
        var folder = try root()
        var place = ""
        var links = 0
        while let name = rest.popLast() {
            let here = place + "/" + name
            let entry = try step(folder.number, name, Int32(keybell_O_PATH) | O_NOFOLLOW)
            switch kind(entry) {
            case S_IFLNK:
                links += 1
                guard links <= Self.longestChain else { throw unreadable("open", ELOOP) }
                look(entry, here)
                settled = settled ?? pending
                let target = try target(of: entry)
                rest += parts(target)
                if target.hasPrefix("/") {
                    pending = nil
                    folder = try root()
                    place = ""
                }
            case S_IFDIR where !rest.isEmpty:
                place = name == ".." ? SafeFile.parent(of: place) : here
                if place == "/" { place = "" }
                look(entry, place)
                folder = entry
            case S_IFREG where rest.isEmpty:
                look(entry, here)
                if let error = settled ?? pending { throw error }
                guard flags & Int32(keybell_O_PATH) == 0 else { return entry }
                let file = try step(folder.number, name, flags | O_NOFOLLOW)
                guard same(file, entry) else { throw unreadable("open", ESTALE) }
                return file
            case S_IFDIR: throw unreadable("open", EISDIR)
            default: throw unreadable("open", rest.isEmpty ? EINVAL : ENOTDIR)
            }
        }
        throw unreadable("open", EISDIR)
    }

    private mutating func root() throws(FileTrustError) -> Descriptor {
        let root = try step(AT_FDCWD, "/", Int32(keybell_O_PATH) | O_DIRECTORY)
        look(root, "/")
        return root
    }

    /// A path's parts, the last one first.
    private func parts(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.reversed().map(String.init)
    }

    private func step(_ folder: Int32, _ name: String, _ flags: Int32) throws(FileTrustError) -> Descriptor {
        do throws(SystemCallError) {
            return try Descriptor("open", unsafe openat(folder, name, flags | O_CLOEXEC))
        } catch {
            throw .unreadable(error)
        }
    }

    private func target(of link: borrowing Descriptor) throws(FileTrustError) -> String {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(link.number, "", &target, target.count)
        guard count > 0 else { throw unreadable("readlinkat", errno) }
        return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func kind(_ entry: borrowing Descriptor) -> mode_t {
        (try? entry.status()).map { $0.st_mode & S_IFMT } ?? 0  // not something to go through
    }

    private func same(_ one: borrowing Descriptor, _ other: borrowing Descriptor) -> Bool {
        // Two that can't be looked at don't count as the same.
        guard let one = try? one.status(), let other = try? other.status() else { return false }
        return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
    }

    private func unreadable(_ call: String, _ code: Int32) -> FileTrustError {
        .unreadable(SystemCallError(call: call, code: code))
    }

    /// Notes what is wrong with a place on the way.
    private mutating func look(_ entry: borrowing Descriptor, _ place: String) {
        let status: stat
        do throws(SystemCallError) {
            status = try entry.status()
        } catch {
            pending = pending ?? .unreadable(error)
            return
        }
        // Whoever could replace the home folder doesn't need our configuration.
        if let home, home == (status.st_dev, status.st_ino) { pending = nil }
        guard pending == nil else { return }
        if status.st_uid != user, status.st_uid != 0 {
            pending = .foreign(place, uid: status.st_uid)
        } else if status.st_mode & S_IFMT == S_IFLNK {
            // A link's mode says nothing, and nobody writes to one.
        } else if status.st_mode & S_IFMT == S_IFDIR, status.st_mode & S_ISVTX != 0 {
            // Others can add to it, not replace what is in it.
        } else if status.st_mode & S_IWOTH != 0
            || (status.st_mode & S_IWGRP != 0 && !PrivateGroup.isPrivate(status.st_gid, entry))
        {
            pending = .writable(place)
        }
    }
}

extension Descriptor {
    /// What the kernel says about the file.
    func status() throws(SystemCallError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw .last("fstat") }
        return status
    }
}
