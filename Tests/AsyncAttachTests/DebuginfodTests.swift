import Foundation
import Glibc
import TestSupport
import Testing

/// Debug files from a server, and servers that do not answer.
@Suite(
    .timeLimit(.minutes(3)),
    .enabled(
        if: unsafe access("/usr/bin/debuginfod", X_OK) == 0,
        "debuginfod is not installed; scripts/setup --for tests installs it"))
struct DebuginfodTests {
    /// Runs the tool with these servers and an empty cache.
    private static func look(_ pid: Int32, at url: String, timeout: Int = 60) throws -> Tool.Result
    {
        let cache = try TemporaryFolder()
        return try Tool.run(
            ["\(pid)", "--only", "threads", "--timeout", "\(timeout)"],
            wrapper: [
                "/usr/bin/env", "DEBUGINFOD_URLS=\(url)", "DEBUGINFOD_CACHE_PATH=\(cache.path)",
            ])
    }

    /// A program without symbols, and a folder in which its debug file lies.
    private static func strip(_ program: borrowing ForeignProgram) throws {
        let served = program.folder.path + "/served"
        try FileManager.default.createDirectory(atPath: served, withIntermediateDirectories: true)
        for words in [
            ["objcopy", "--only-keep-debug", program.library, served + "/libforeign.debug"],
            ["strip", program.library],
        ] {
            #expect(try Tool.run(words, tool: "/usr/bin/env").status == 0)
        }
        try FileManager.default.removeItem(atPath: program.debugFolder)
    }

    /// Starts a Python program that has a port of its own, and tells which.
    private static func start(_ rest: String) throws -> ChildProcess {
        try ChildProcess(
            "/usr/bin/python3",
            [
                "-c",
                """
                import socket, time
                s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8)
                print(s.getsockname()[1], flush=True)
                \(rest)
                """,
            ])
    }

    @Test func aServerGivesNamesAndSaysSo() throws {
        let program = try ForeignProgram()
        try Self.strip(program)
        let child = try program.start()
        var free = try Self.start("s.close()")
        let line = free.readLine()
        let port = try #require(line)
        let server = try ChildProcess(
            "/usr/bin/debuginfod",
            [
                "-p", port, "-d", program.folder.path + "/database", "-F",
                program.folder.path + "/served",
            ])
        // It answers before it has looked at all its files.
        var result = try Self.look(child.pid, at: "http://127.0.0.1:\(port)")
        try waitUntil("the server has looked at all its files", every: 300_000) {
            result = try Self.look(child.pid, at: "http://127.0.0.1:\(port)")
            return result.output.contains("hidden_wait")
        }
        #expect(result.output.contains("hidden_wait") && result.output.contains("foreign_wait"))
        #expect(result.errors.contains("debuginfod has debug files of libforeign.so"))
        #expect(result.status == 0, "\(result.output)")
        server.signal(SIGTERM)
        // Only who has named servers is asked for.
        let without = try Self.look(child.pid, at: "")
        #expect(!without.output.contains("hidden_wait") && without.errors.isEmpty)
    }

    @Test func aServerThatDoesNotAnswerIsGivenUp() throws {
        let program = try ForeignProgram()
        try Self.strip(program)
        let child = try program.start()
        var server = try Self.start("time.sleep(1000)")
        let line = server.readLine()
        let port = try #require(line)
        let result = try Self.look(child.pid, at: "http://127.0.0.1:\(port)", timeout: 6)
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.output.contains("no answer from DEBUGINFOD_URLS within 2 s"))
        #expect(!result.output.contains("hidden_wait"))
        #expect(child.statusField("TracerPid") == "0")
    }

    @Test func nobodyAtTheAddressIsAGap() throws {
        let program = try ForeignProgram()
        try Self.strip(program)
        let child = try program.start()
        var closed = try Self.start("s.close(); time.sleep(1000)")
        let line = closed.readLine()
        let port = try #require(line)
        let result = try Self.look(child.pid, at: "http://127.0.0.1:\(port)")
        #expect(result.status == 2 && result.output.contains("debuginfod: "), "\(result.output)")
        #expect(!result.output.contains("hidden_wait"))
    }
}
