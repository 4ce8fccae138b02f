// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Foundation

/// One program for all targets: the first argument names the target and its corpus's folder, the rest is libFuzzer's.
///
///     KeybellFuzzer xml .build/fuzz/corpus/xml -max_total_time=60
///
/// A target does with the bytes what Keybell does with bytes from outside. That it returns is all that is asked of it; a
/// trap, a leak or an endless loop is a finding, and so is a `precondition` of the target that does not hold.
@main
enum Fuzzer {
    static let target: Target? = CommandLine.arguments.dropFirst().first.flatMap { Target.all[$0] }

    static func main() throws {
        guard let name = CommandLine.arguments.dropFirst().first, let target else {
            print("Targets: \(Target.all.keys.sorted().joined(separator: " "))")
            exit(2)
        }
        if let folder = CommandLine.arguments.dropFirst(2).first {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (number, seed) in target.seeds().enumerated() {
                try Data(seed).write(to: URL(filePath: "\(folder)/seed-\(name)-\(number)"))
            }
        }
        // libFuzzer reads its arguments from behind the program's name, so that the target's name takes its place.
        var count = CommandLine.argc - 1
        var arguments = unsafe Optional(CommandLine.unsafeArgv + 1)
        exit(unsafe LLVMFuzzerRunDriver(&count, &arguments) { unsafe oneInput($0, $1) })
    }
}

/// The name that libFuzzer looks for in every program, whoever has the main.
@_cdecl("LLVMFuzzerTestOneInput")
public func oneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    Fuzzer.target?.run(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// What is done with some bytes.
struct Target: Sendable {
    let run: @Sendable ([UInt8]) -> Void
    /// Inputs to begin with.
    let seeds: @Sendable () -> [[UInt8]]

    static let all: [String: Target] = [
        "address": .address, "content": .content, "dictionary": .dictionary, "file": .file, "json": .json,
        "keyfile": .keyFile, "message": .message, "reply": .reply, "request": .request, "xml": .xml,
    ]
}
