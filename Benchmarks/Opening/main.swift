// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FoundationEssentials
import Glibc
import KDBX
import Linux
import Logging
import SecureMemory
import Vault
import VaultStores

// What must be fast, as ratios in one run: `make benchmark`.
//
// Opening goes from the password to the first login that could be served: reading the file, decrypting, reading its
// XML, indexing. The files have a key derivation of one round, for what that costs is the person's choice. A look-up is
// measured among 100, 1,000 and 10,000 entries: it must not depend on their number.
//
// `KeybellBenchmarks COUNT FILE` only writes such a file, for Benchmarks/measure.py.

/// The shortest of some runs, in milliseconds: what the machine does beside is not the program's.
func shortest(of runs: Int, _ body: () async throws -> Void) async rethrows -> Double {
    var best = Duration.seconds(3600)
    for _ in 0..<runs {
        best = min(best, try await ContinuousClock().measure(body))
    }
    return Double(best.components.attoseconds) / 1e15 + Double(best.components.seconds) * 1000
}

/// The password of every file here.
struct KnownPassword: VaultPasswords {
    let password = SecretBytes(utf8: "demopass")

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        password
    }

    func opened(with password: SecretBytes?) async {}
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

func report(_ line: String) {
    StandardStream.output.write(line + "\n")
}

let passwords = KnownPassword()
let key = try CompositeKey(password: passwords.password)
if CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[1]) {
    try SafeFile.write(file(entries: count, key: key), to: CommandLine.arguments[2])
    exit(0)
}
let folder = FileManager.default.temporaryDirectory.path + "/keybell-benchmark-\(getpid())"
try SafeFile.makeFolder(folder)
defer { try? FileManager.default.removeItem(atPath: folder) }  // litter in /tmp is no failure
var lookUps: [Int: Double] = [:]
for count in [100, 1000, 10_000] {
    let bytes = try file(entries: count, key: key)
    let path = "\(folder)/\(count).kdbx"
    try SafeFile.write(bytes, to: path)
    let store = KDBXStore(
        name: "benchmark",
        path: path,
        passwords: passwords,
        state: folder,
        logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    )
    let locked = try LockedFile(parsing: bytes)
    let derived = try locked.derive(key, limits: KDBXLimits())
    let reading = try await shortest(of: 10) { _ = try locked.open(derived, limits: KDBXLimits()) }
    let opening = try await shortest(of: 10) {
        await store.lock()
        try await store.unlock(for: UnlockReason())
        guard try await store.index().count == count else { throw VaultError.notFound }
    }
    let index = try await store.index()
    let query = MatchQuery(url: "https://host\(count / 2).example.org/", now: 1_700_000_000)
    let rounds = 2000
    let lookUp = await shortest(of: 5) {
        for _ in 0..<rounds where LoginIndex.matches(query, in: [index]).count != 1 { report("not found") }
    }
    lookUps[count] = lookUp / Double(rounds)
    let micro = lookUp / Double(rounds) * 1000
    report(
        "\(count) entries: open to served \(opening) ms beyond the KDF (of which \(reading) ms for the file), "
            + "a look-up \(micro) µs"
    )
}
if let few = lookUps[100], let many = lookUps[10_000] {
    report("a look-up among 10,000 entries takes \(many / few) times that among 100")
}
