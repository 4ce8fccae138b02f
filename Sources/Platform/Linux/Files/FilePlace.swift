// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A name in a folder.
struct FilePlace: Equatable {
    /// The folder, whose path has no link in it.
    let folder: String
    let name: String

    /// The kernel follows as many before it says ELOOP.
    private static let mostLinks = 40

    /// Where a path could be redirected: each link that is followed on the way, and the file at its end.
    static func all(onTheWayTo path: String) -> [FilePlace] {
        var places: [FilePlace] = []
        var links = 0
        var here = path.hasPrefix("/") ? "/" : "."
        var rest = path.split(separator: "/").map(String.init)[...]
        while let name = rest.popFirst() {
            guard name != "." else { continue }
            let next = here == "/" ? "/" + name : here + "/" + name
            let target = name == ".." || links == mostLinks ? nil : FileBytes.link(next)
            if target != nil || rest.isEmpty { places.append(FilePlace(folder: here, name: name)) }
            guard let target else {
                if links > 0, !rest.isEmpty, unsafe access(next, F_OK) != 0 {
                    // What a link leads to will appear here.
                    places.append(FilePlace(folder: here, name: name))
                    break
                }
                here = next
                continue
            }
            links += 1
            if target.hasPrefix("/") { here = "/" }
            rest = (target.split(separator: "/").map(String.init) + rest)[...]
        }
        return places
    }
}

extension FileBytes {
    /// The first link on the way to a path that leads to nothing; nil if there is none.
    ///
    /// It blocks.
    package static func danglingLink(onTheWayTo path: String) -> String? {
        for place in FilePlace.all(onTheWayTo: path) {
            let link = place.folder == "/" ? "/" + place.name : place.folder + "/" + place.name
            guard self.link(link) != nil, unsafe access(link, F_OK) != 0, errno == ENOENT else { continue }
            return link
        }
        return nil
    }
}
