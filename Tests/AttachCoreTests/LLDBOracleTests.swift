import AttachReport
import Foundation
import TestSupport
import Testing

@testable import AttachCore

/// The frames and lines of suspended tasks against those that lldb tells, task by task.
///
/// lldb cannot find tasks by itself on Linux; given an address it walks the task well.
@Suite(
    .serialized, .timeLimit(.minutes(15)),
    .enabled(if: LLDB.isThere, "lldb and the Python library that it was built for"))
struct LLDBOracleTests {
    @Test(arguments: ["Waits", "Structure", "Shapes", "Bank"])
    func linesAreThoseOfTheDebugger(_ name: String) throws {
        let fixture = try Fixture(name, mode: .debug)
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: fixture.pid))
        let tasks = assembler.snapshot().tasks.filter { $0.state == .suspended }
        let told = try LLDB.backtraces(of: tasks.map(\.address), in: fixture.pid)
        var compared = 0
        for task in tasks {
            let lines = told[task.address] ?? []
            let ours = task.frames.compactMap { frame in
                frame.location.map { "\($0.file.split(separator: "/").last ?? ""):\($0.line)" }
            }
            // lldb shows the frame that waits for an `async let` twice.
            #expect(runs(ours) == runs(lines), "task \(task.id) \(task.name ?? "")")
            compared += lines.count
        }
        #expect(compared > tasks.count)
    }

    /// The lines with repetitions left out.
    private func runs(_ lines: [String]) -> [String] {
        lines.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
}

/// The toolchain's debugger, run in batches.
private enum LLDB {
    static let isThere = environment != nil

    /// lldb links one Python version, which is looked for where distributions and version managers
    /// put it.
    private static let environment: [String: String]? = {
        var environment = ProcessInfo.processInfo.environment
        let versions = NSHomeDirectory() + "/.pyenv/versions"
        let managed = (try? FileManager.default.contentsOfDirectory(atPath: versions)) ?? []
        let folders =
            [environment["LLDB_PYTHON_FOLDER"]].compactMap { $0 }
            + managed.map { "\(versions)/\($0)/lib" }
        let python = folders.first {
            FileManager.default.fileExists(atPath: $0 + "/libpython3.10.so")
        }
        if let python { environment["LD_LIBRARY_PATH"] = python }
        guard let version = try? run(["--version"], environment), version.contains("lldb") else {
            return nil
        }
        return environment
    }()

    /// `file:line` of each frame that has one, by task.
    static func backtraces(
        of tasks: [Address], in pid: Int32
    ) throws -> [Address: [String]] {
        let commands = tasks.flatMap { ["-o", "language swift task backtrace \($0)"] }
        let output = try run(
            ["--batch", "-p", "\(pid)"] + commands + ["-o", "detach"], environment ?? [:])
        var lines: [Address: [String]] = [:]
        var current: Address?
        for line in output.split(separator: "\n") {
            if let range = line.range(of: "(lldb) language swift task backtrace 0x") {
                current = UInt64(line[range.upperBound...], radix: 16).map(Address.init)
            } else if line.hasPrefix("(lldb)") {
                current = nil
            } else if let current, let range = line.range(of: " at ", options: .backwards) {
                let place = line[range.upperBound...].split(separator: ":")
                guard place.count >= 2, place[0] != "<compiler-generated>", place[1] != "0" else {
                    continue
                }
                lines[current, default: []].append("\(place[0]):\(place[1])")
            }
        }
        return lines
    }

    private static func run(
        _ arguments: [String], _ environment: [String: String]
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["lldb"] + arguments
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}
