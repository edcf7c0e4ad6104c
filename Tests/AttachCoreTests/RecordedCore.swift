import AttachReport
import Foundation
import TestSupport
import Testing

@testable import AttachCore

/// A core file that was made on another machine, and what was known there of the process.
struct RecordedCore: ~Copyable {
    /// What is read of it.
    let capture: Capture
    /// What the fixture said of itself, one object a line.
    let facts: [[String: Any]]
    /// The addresses on each thread's stack, as a debugger found them; at most 64.
    let stacks: [Int32: [UInt64]]
    /// What the kernel said of each thread's system call: the number and six arguments. nil for a
    /// thread that ran.
    let calls: [Int32: SystemCall?]

    private let folder: CoreFolder

    /// - Parameter hasProgram: Whether it is read with the program at hand. The libraries never are.
    init(_ name: String, _ architecture: Architecture, hasProgram: Bool = true) throws {
        var source = URL(fileURLWithPath: #filePath)
        source.deleteLastPathComponent()
        source.append(path: "Cores/\(name)")
        let folder = try CoreFolder()
        let program = folder.path + "/program"
        var expansion = try ChildProcess(
            "/bin/sh",
            ["-c", "xz -dc \"$0\" >\"$1\"", source.path + "/program.xz", program])
        _ = expansion.readAll()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/none", withIntermediateDirectories: false)
        let capture = try CoreReader.read(
            source.path + "/core.xz",
            options: CoreFileOptions(
                executable: hasProgram ? program : nil, sysroot: folder.path + "/none"))
        let facts = try Self.lines(source, "facts").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        var stacks: [Int32: [UInt64]] = [:]
        for line in try Self.lines(source, "stacks") {
            let words = line.split(separator: " ")
            stacks[try #require(Int32(words[0]))] = words.dropFirst().compactMap {
                UInt64($0, radix: 16)
            }
        }
        var calls: [Int32: SystemCall?] = [:]
        for line in try Self.lines(source, "calls") {
            let words = line.split(separator: " ", maxSplits: 1)
            calls[try #require(Int32(words[0]))] = .some(
                SystemCallReader.call(text: String(words[1]), architecture))
        }
        self.capture = capture
        self.facts = facts
        self.stacks = stacks
        self.calls = calls
        self.folder = folder
    }

    /// The lines of a file; none where it was not recorded.
    private static func lines(_ folder: URL, _ name: String) throws -> [String] {
        let path = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: path.path) else { return [] }
        return try String(contentsOf: path, encoding: .utf8)
            .split(separator: "\n").map(String.init)
    }

    /// The facts of one kind.
    func facts(_ kind: String) -> [[String: Any]] {
        facts.compactMap { $0[kind] as? [String: Any] }
    }
}
