// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FoundationEssentials
import KDBX
import Kernel
import Secrecy
import Vault

// What must be fast, as ratios in one run: `make benchmark`.
//
// Opening is measured beyond the key derivation, whose cost is the person's choice. A look-up is measured among 100, 1,000
// and 10,000 entries: it must not depend on their number.

/// The shortest of some runs, in milliseconds: what the machine does beside is not the program's.
func shortest(of runs: Int, _ body: () throws -> Void) rethrows -> Double {
    var best = Duration.seconds(3600)
    for _ in 0..<runs {
        best = min(best, try ContinuousClock().measure(body))
    }
    return Double(best.components.attoseconds) / 1e15 + Double(best.components.seconds) * 1000
}

/// A database of so many entries, as its file has it.
func file(entries count: Int, key: CompositeKey) throws -> [UInt8] {
    let now = Timestamp(unix: 1_700_000_000)
    var database = Database(new: "Benchmark", Layout(keyDerivation: .aes(rounds: 1)), at: now)
    guard let root = database.root.id else { throw KDBXError.notFound }
    for number in 0..<count {
        _ = try database.addEntry(
            to: root,
            [
                FieldChange("Title", "Entry \(number)"), FieldChange("UserName", "user\(number)"),
                FieldChange("URL", "https://host\(number).example.org/login"),
                FieldChange("Password", SecretBytes(utf8: "password \(number)"), isProtected: true),
            ],
            at: now
        )
    }
    return try database.written(key: key).file
}

/// The logins of a database, as a vault indexes them.
func logins(of database: Database) -> [Login] {
    database.entries.compactMap { entry in
        guard let id = entry.id.flatMap({ LoginID($0.bytes) }) else { return nil }
        return Login(
            id: id,
            title: entry.text("Title") ?? "",
            username: entry.text("UserName") ?? "",
            url: entry.text("URL") ?? ""
        )
    }
}

func report(_ line: String) {
    StandardStream.output.write(line + "\n")
}

let key = try CompositeKey(password: SecretBytes(utf8: "demopass"))
var lookUps: [Int: Double] = [:]
for count in [100, 1000, 10_000] {
    let bytes = try file(entries: count, key: key)
    let locked = try LockedFile(parsing: bytes)
    let derived = try locked.derive(key, limits: Limits())
    var opened: Database?
    let opening = try shortest(of: 5) { opened = try locked.open(derived, limits: Limits()) }
    guard let database = opened else { continue }
    var index = LoginIndex([])
    var found: [Login] = []
    let reading = shortest(of: 3) { found = logins(of: database) }
    let indexing = shortest(of: 3) { index = LoginIndex(found) }
    let query = MatchQuery(url: "https://host\(count / 2).example.org/", now: 1_700_000_000)
    let rounds = 2000
    let lookUp = shortest(of: 5) {
        for _ in 0..<rounds where index.matches(query).count != 1 { report("not found") }
    }
    lookUps[count] = lookUp / Double(rounds)
    let micro = lookUp / Double(rounds) * 1000
    report(
        "\(count) entries: open \(opening) ms beyond the KDF, read \(reading) ms, index \(indexing) ms, a look-up \(micro) µs"
    )
}
if let few = lookUps[100], let many = lookUps[10_000] {
    report("a look-up among 10,000 entries takes \(many / few) times that among 100")
}
