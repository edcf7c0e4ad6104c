import Foundation
import Glibc
import TestSupport

/// The built tool, run as a user runs it.
struct Tool {
    /// How a run ended.
    struct Result {
        /// Exit status, or 256 and the signal.
        let status: Int32
        /// Standard output.
        let output: String
        /// Standard error.
        let errors: String

        /// Standard error as lines.
        var errorLines: [Substring] { errors.split(separator: "\n") }
    }

    /// Runs it and waits for its end.
    ///
    /// - Parameters:
    ///   - file: takes standard output instead; the result's is empty then.
    ///   - wrapper: a program, with arguments, that runs the tool.
    static func run(
        _ arguments: [String], outputTo file: String? = nil, wrapper: [String] = [],
        tool: String = path
    ) throws -> Result {
        let folder = try TemporaryFolder()
        let output = folder.path + "/out"
        let errors = folder.path + "/err"
        for path in [output, errors] {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let command = wrapper + [tool] + arguments
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: file ?? output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        let signal = process.terminationReason == .uncaughtSignal
        return Result(
            status: process.terminationStatus + (signal ? 256 : 0),
            output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// Where it was built, beside the tests.
    static let path: String = {
        let override = ProcessInfo.processInfo.environment["ASYNCATTACH_TOOL"]
        let built = Fixture.packageFolder + "/.build/debug/asyncattach"
        return override ?? built
    }()
}

/// A folder that goes away with its value.
struct TemporaryFolder: ~Copyable {
    /// Where it is.
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/asyncattach-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The names in it.
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }
}

/// The tool, copied to where a user without rights may run it.
struct PublicCopy: ~Copyable {
    /// Runs a program as that user.
    static let asNobody = [
        "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
    ]

    /// Where it is.
    let path: String
    private let folder: TemporaryFolder

    init() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/asyncattach"
        // By another process: a descriptor of ours could leak into a parallel test's child, and
        // the file would be busy.
        _ = try Tool.run([Tool.path, path], tool: "/bin/cp")
        unsafe chmod(folder.path, 0o755)
        unsafe chmod(path, 0o755)
        self.folder = folder
        self.path = path
    }

    /// Runs it as that user, or as whom `wrapper` makes of us, and waits for its end.
    func run(_ arguments: [String], wrapper: [String] = asNobody) throws -> Tool.Result {
        try Tool.run(arguments, wrapper: wrapper, tool: path)
    }
}
