import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix

/// A healthy server under load: connections of SwiftNIO, a task each, with actors, groups, locks
/// and a database of few connections behind them; its clients are in the same process.
@main
enum HTTPServer {
    static func main() async throws {
        Fixture.bound()
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let server = try await Server.bind(on: loops)
        let port = server.channel.localAddress?.port ?? 0
        let application = Application()

        Threads.start("control") {
            while Progress.requests < 2000 { usleep(1000) }
            Fixture.emit(["healthy": true])
            Fixture.converse(
                commands: ["rounds": { _ in ["rounds": .number(Progress.requests)] }])
        }
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await server.serve(application) }
            group.addTask { await application.keepHouse() }
            for number in 0..<12 {
                group.addTask {
                    while true { try await Client(number: number, port: port).run(on: loops) }
                }
            }
        }
    }
}
