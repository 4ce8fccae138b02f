// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Foundation

/// One program for all targets: the first argument names the target and its corpus's folder, the rest is libFuzzer's.
///
/// Without an argument it lists them, each with how long its input can be.
///
///     KeybellFuzzer xml .build/fuzz/corpus-xml Fuzz/Corpus/xml -max_total_time=60
///
/// A target does with the bytes what Keybell does with bytes from outside. That it returns, and soon, is all that is
/// asked of it; a trap, an endless loop or a cost that grows faster than the input is a finding, and so is a
/// `precondition` of the target that does not hold.
@main
enum Fuzzer {
    static let target: Target? = CommandLine.arguments.dropFirst().first.flatMap { Target.all[$0] }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard let name = arguments.dropFirst().first, let target else {
            for (name, target) in Target.all.sorted(by: { $0.key < $1.key }) { print(name, target.limit) }
            exit(arguments.count > 1 ? 2 : 0)
        }
        // A file is an input to be run again; what lacks is a folder to be.
        if let folder = arguments.dropFirst(2).first, !folder.hasPrefix("-"), !isFile(folder) {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (number, seed) in target.seeds().enumerated() {
                try Data(seed).write(to: URL(filePath: "\(folder)/seed-\(name)-\(number)"))
            }
        }
        // libFuzzer reads its arguments from behind the program's name, so that the target's name takes its place.
        var count = CommandLine.argc - 1
        var list = unsafe Optional(CommandLine.unsafeArgv + 1)
        exit(unsafe LLVMFuzzerRunDriver(&count, &list) { unsafe oneInput($0, $1) })
    }

    private static func isFile(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path) && !FileManager.default.fileExists(atPath: path + "/.")
    }
}

/// The name that libFuzzer looks for in every program, whoever has the main.
@_cdecl("LLVMFuzzerTestOneInput")
public func oneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    Fuzzer.target?.feed(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// What is done with some bytes.
struct Target: Sendable {
    /// How long the input can be where it comes from.
    let limit: Int
    let run: @Sendable ([UInt8]) -> Void
    /// Inputs to begin with, beside those in the repository.
    let seeds: @Sendable () -> [[UInt8]]

    /// Takes what is done with bytes of at most so many.
    init(
        limit: Int = 1 << 20,
        run: @escaping @Sendable ([UInt8]) -> Void,
        seeds: @escaping @Sendable () -> [[UInt8]] = { [] }
    ) {
        (self.limit, self.run, self.seeds) = (limit, run, seeds)
    }

    static let all: [String: Target] = [
        "address": .address, "assuan": .assuan, "configuration": .configuration, "content": .content,
        "csv": .csv,
        "dictionary": .dictionary, "file": .file, "head": .head, "json": .json, "keyfile": .keyFile,
        "message": .message, "notification": .notification, "placeholder": .placeholder, "proc": .proc,
        "reply": .reply, "request": .request, "search": .search, "totp": .totp, "transfer": .transfer,
        "xml": .xml,
    ]
}
