import Foundation
import Glibc
import TestSupport
import Testing

/// A program that waits in a library of its own, with files where a test can do something to them.
struct ForeignProgram: ~Copyable {
    /// Where the program and the library are built; everybody may read and write in it.
    let folder: TemporaryFolder

    /// The library, another build of it in which other names stand at the same places, and its
    /// debug file in a folder for `--debug-dir`.
    var library: String { folder.path + "/libforeign.so" }
    var otherBuild: String { folder.path + "/other.so" }
    var debugFolder: String { folder.path + "/debug" }

    private static let source = """
        #include <stdio.h>
        #include <unistd.h>
        __attribute__((noinline)) static void NAME(void) {
            puts("ready");
            fflush(stdout);
            for (;;)
                pause();
        }
        void foreign_wait(void) { NAME(); }

        """

    init() throws {
        let folder = try TemporaryFolder()
        try Self.build(in: folder.path)
        self.folder = folder
    }

    private static func build(in folder: String) throws {
        unsafe chmod(folder, 0o777)
        for (name, library) in [("hidden_wait", "libforeign.so"), ("wrong_wait_", "other.so")] {
            let source = folder + "/\(name).c"
            try Self.source.replacingOccurrences(of: "NAME", with: name)
                .write(toFile: source, atomically: true, encoding: .utf8)
            try run(
                "clang", "-g", "-O1", "-shared", "-fPIC", "-Wl,--build-id",
                "-Wl,-soname,libforeign.so", source, "-o",
                folder + "/" + library)
        }
        let main = folder + "/main.c"
        try "void foreign_wait(void);\nint main(void) { foreign_wait(); }\n"
            .write(toFile: main, atomically: true, encoding: .utf8)
        let library = folder + "/libforeign.so"
        try run(
            "clang", main, library, "-o", folder + "/program", "-Wl,-rpath,$ORIGIN",
            "-Wl,--build-id")
        try FileManager.default.createDirectory(
            atPath: folder + "/debug", withIntermediateDirectories: true)
        try run("objcopy", "--only-keep-debug", library, folder + "/debug/libforeign.so.debug")
    }

    private static func run(_ words: String...) throws {
        let result = try Tool.run(words, tool: "/usr/bin/env")
        try #require(result.status == 0, "\(words): \(result.errors)")
    }

    /// Starts it as a user without rights, and waits until it waits.
    ///
    /// - Parameters:
    ///   - preparation: shell commands of root before, in the folder.
    ///   - program: the command that becomes the program.
    ///   - namespaces: options of unshare(1).
    func start(
        _ preparation: String = "", program: String = "$AS_NOBODY $PWD/program",
        namespaces: [String] = []
    ) throws -> ChildProcess {
        let script = """
            set -e
            cd \(folder.path)
            AS_NOBODY="\(PublicCopy.asNobody.joined(separator: " "))"
            \(preparation)
            exec \(program)
            """
        let launcher = namespaces.isEmpty ? [] : ["/usr/bin/unshare"] + namespaces
        let words = launcher + ["/bin/bash", "-c", script]
        var child = try ChildProcess(words[0], Array(words.dropFirst()))
        try #require(child.readLine() == "ready")
        try child.waitUntilSleeping()
        return child
    }

    /// Whether this machine lets us do all that.
    static let isPossible: Bool = {
        guard getuid() == 0,
            let mounted = try? Tool.run(
                ["-m", "mount", "-t", "tmpfs", "none", "/mnt"], tool: "/usr/bin/unshare")
        else { return false }
        return mounted.status == 0
    }()
}

/// What a report says of the library.
struct ForeignReport {
    let status: Int32
    /// Functions of the library on the stack, innermost first, each with its line; `?` and 0 where
    /// none is told.
    let functions: [String]
    let lines: [Int]
    let gaps: [String]
    let report: [String: Any]

    init(by user: ToolUser, _ pid: Int32, _ options: [String] = []) throws {
        let result = try PublicCopy().run(
            ["\(pid)", "--format", "json", "--timeout", "40"] + options, wrapper: user.wrapper)
        status = result.status
        let parsed = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        report = try #require(parsed as? [String: Any], "\(result.errors)")
        let threads = try #require(report["threads"] as? [[String: Any]])
        let all = try #require(threads.first?["frames"] as? [[String: Any]])
        let frames = all.filter { $0["image"] as? String == "libforeign.so" }
        functions = frames.map { $0["function"] as? String ?? "?" }
        lines = frames.map { ($0["sourceLocation"] as? [String: Any])?["line"] as? Int ?? 0 }
        let coverage = report["coverage"] as? [String: Any]
        gaps = (coverage?["gaps"] as? [[String: Any]] ?? []).map {
            "\($0["what"] ?? ""): \($0["detail"] ?? "")"
        }
    }
}

/// As whom the tool runs, in a test that runs as root.
enum ToolUser: String, CaseIterable, CustomTestStringConvertible {
    case root
    /// Root without the capabilities to open whatever another process has mapped.
    case limitedRoot
    /// A user without rights.
    case nobody

    var testDescription: String { rawValue }

    /// The program that makes one of us run as this user.
    var wrapper: [String] {
        switch self {
        case .root: []
        case .limitedRoot: ["/usr/bin/setpriv", "--bounding-set=-sys_admin,-checkpoint_restore"]
        case .nobody: PublicCopy.asNobody
        }
    }
}
