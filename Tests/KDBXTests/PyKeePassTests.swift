// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SecureMemory
import TestSupport
import Testing

@testable import KDBX

/// pykeepass, which many scripts use, is another judge of what Keybell writes: every layout and every kind of key.
struct PyKeePassTests {
    /// Opens each file of a list and prints what stands in one entry.
    private static let script = """
        import json, sys
        from pykeepass import PyKeePass
        for case in json.load(open(sys.argv[1])):
            try:
                vault = PyKeePass(case["path"], password=case.get("password"), keyfile=case.get("keyfile"))
                entry = vault.find_entries(title="Entry 2", first=True)
                print(entry.username, entry.get_custom_property("PIN"), entry.url)
            except Exception as error:
                print(case["name"], type(error).__name__, error)
        """

    private struct Case: Encodable {
        let name: String
        let path: String
        let password: String?
        let keyfile: String?
    }

    @Test func `pykeepass reads every layout and key that Keybell writes`() async throws {
        let folder = try TemporaryFolder()
        var cases: [Case] = []
        for (number, combination) in Combination.all.enumerated() {
            let path = folder.path("\(number).kdbx")
            let database = try SampleDatabase.database(combination.layout)
            try Data(database.written(key: combination.key()).file).write(to: URL(filePath: path))
            var keyFile: String?
            if let bytes = combination.keyFile {
                keyFile = folder.path("\(number).key")
                try Data(bytes).write(to: URL(filePath: folder.path("\(number).key")))
            }
            cases.append(
                Case(
                    name: combination.testDescription,
                    path: path,
                    password: combination.password,
                    keyfile: keyFile
                )
            )
        }
        try JSONEncoder().encode(cases).write(to: URL(filePath: folder.path("cases.json")))
        let python = try await PythonEnvironment(with: ["pykeepass==4.1.1.post1"])
        let report = try await python.run(
            Self.script,
            [folder.path("cases.json")],
            within: .seconds(300)
        )
        #expect(report.status == 0, "\(report.errors)")
        let lines = report.output.split(separator: "\n").map(String.init)
        #expect(lines.count == cases.count)
        #expect(Set(lines) == ["person2 1232 https://example.com/?a=1&b=2"])
    }
}
