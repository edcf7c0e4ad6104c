import NIOCore
import NIOHTTP1
import NIOPosix

/// A server channel whose connections are async sequences of requests.
struct Server {
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    let channel: any Channel
    private let connections: NIOAsyncChannel<Connection, Never>

    static func bind(on loops: MultiThreadedEventLoopGroup) async throws -> Server {
        let connections = try await ServerBootstrap(group: loops)
            .serverChannelOption(.backlog, value: 64)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        return Server(channel: connections.channel, connections: connections)
    }

    /// One task for each connection.
    func serve(_ application: Application) async throws {
        try await connections.executeThenClose { incoming in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in incoming {
                    group.addTask { try? await serve(connection, application) }
                }
            }
        }
    }

    private func serve(_ connection: Connection, _ application: Application) async throws {
        try await connection.executeThenClose { incoming, outgoing in
            var path = "/"
            for try await part in incoming {
                switch part {
                case .head(let head): path = head.uri
                case .body: break
                case .end:
                    let text = await application.answer(path)
                    let buffer = ByteBuffer(string: text)
                    let headers = HTTPHeaders([("content-length", "\(buffer.readableBytes)")])
                    try await outgoing.write(
                        contentsOf: [
                            .head(.init(version: .http1_1, status: .ok, headers: headers)),
                            .body(.byteBuffer(buffer)), .end(nil),
                        ])
                    Progress.turn()
                }
            }
        }
    }
}

/// Asks for something, again and again, and now and then over a new connection.
struct Client {
    typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    let number: Int
    let port: Int

    func run(on loops: MultiThreadedEventLoopGroup) async throws {
        let connection = try await ClientBootstrap(group: loops)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        try await connection.executeThenClose { incoming, outgoing in
            var answers = incoming.makeAsyncIterator()
            for request in 0..<200 {
                let path = ["/cached", "/query", "/report", "/race", "/plain"][
                    (number + request) % 5]
                let head = HTTPRequestHead(
                    version: .http1_1, method: .GET, uri: path, headers: ["host": "localhost"])
                try await outgoing.write(.head(head))
                try await outgoing.write(.end(nil))
                while let part = try await answers.next() {
                    if case .end = part { break }
                }
            }
        }
    }
}
