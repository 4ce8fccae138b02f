// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

// What Keybell is measured against (docs/performance.md): the same HTTP server with nothing behind it. It reads the
// body and answers 400 fixed bytes, on one event loop as the daemon does. Its argument is the port, on 127.0.0.1.

guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
    fatalError("usage: BareServer PORT")
}
let reply = ByteBuffer(repeating: UInt8(ascii: "x"), count: 400)
let server = try HTTPServerBuilder.http1().buildServer(
    configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port)),
    eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1),
    logger: Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() }
) { request, writer, _ in
    _ = try await request.body.collect(upTo: 1 << 20)
    let response = Response(
        status: .ok,
        headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: reply)
    )
    try await writer.write(response: response.head, body: response.body)
}
try await server.run()
