// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Where the requests of a connection begin and end, and which is the last that is taken: a value that is told what comes.
struct RequestArrival {
    private var pipeline = PipelineLimit()
    /// Whether the request whose head came last offers to go on in another protocol: NIO decodes nothing behind it.
    private var changesProtocol = false

    /// Whether nothing has come since the end of the last request.
    private(set) var isBetween = true

    /// The last request that is taken has come: nothing behind it is decoded.
    private(set) var isOver = false

    /// Bytes have been read.
    ///
    /// - Parameter waiting: How many requests before them are still to be answered.
    mutating func readBegan(waiting: Int) {
        pipeline.readBegan(waiting: waiting)
    }

    /// Bytes are about to be decoded.
    ///
    /// - Returns: Whether a request begins with them.
    mutating func bytesCome() -> Bool {
        defer { isBetween = false }
        return isBetween
    }

    /// A head has been decoded.
    mutating func head(_ head: HTTPRequestHead) {
        pipeline.head()
        changesProtocol = head.method == .CONNECT || head.headers.contains(name: "upgrade")
    }

    /// The end of a request has been decoded.
    mutating func end() {
        isOver = pipeline.isReached || changesProtocol
        isBetween = true
    }

    /// Nothing more is taken.
    mutating func stop() {
        isOver = true
    }
}
