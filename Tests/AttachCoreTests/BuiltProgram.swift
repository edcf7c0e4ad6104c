import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// A C program that waits in a function of its own which nobody exports, made for one test in a
/// folder of its own.
struct BuiltProgram: ~Copyable {
    /// Where everything of it is; readable for every user.
    let folder: String
    /// The program, as the linker wrote it.
    var whole: String { folder + "/whole" }
    /// The program that runs.
    var path: String { folder + "/program" }

    /// Waits where `main` calls `wait_here`, with a line for each.
    private static let source = """
        #include <stdio.h>
        #include <unistd.h>
        __attribute__((noinline)) static int wait_here(int turns) {
            puts("ready");
            fflush(stdout);
            while (turns > 0)
                pause();
            return turns;
        }
        int main(int count, char **words) {
            int turns = wait_here(count);
            return words[0] == NULL ? turns : 0;
        }

        """

    /// Builds it and copies it to `path`.
    init(_ options: [String] = ["-Wl,--build-id"]) throws {
        folder = FileManager.default.temporaryDirectory.path + "/asyncattach-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        unsafe chmod(folder, 0o755)
        _ = try #require(
            Oracle.run(
                "\(Oracle.toolchain)/clang",
                ["-g", "-O1", "-x", "c", "-", "-o", whole] + options, input: Self.source))
        try run("/bin/cp", [whole, path])
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs a tool that must succeed.
    func run(_ tool: String, _ arguments: [String]) throws {
        _ = try #require(Oracle.run(tool, arguments, input: ""), "\(tool) \(arguments)")
    }

    /// Takes the program's symbols and debug information away, and names a debug file in it.
    ///
    /// - Parameters:
    ///   - debugFile: where what was taken away goes, below the folder.
    ///   - options: of objcopy.
    func strip(into debugFile: String, options: [String] = [], link: Bool = true) throws {
        let file = folder + "/" + debugFile
        try FileManager.default.createDirectory(
            atPath: file.split(separator: "/").dropLast().map { "/" + $0 }.joined(),
            withIntermediateDirectories: true)
        try run("/usr/bin/objcopy", ["--only-keep-debug"] + options + [whole, file])
        try run("/usr/bin/strip", [whole, "-o", path])
        if link { try run("/usr/bin/objcopy", ["--add-gnu-debuglink=\(file)", path]) }
    }

    /// The build ID, as the name of a file in a build-ID folder.
    func buildIDName() throws -> String {
        let file = try ELFFile(ImageBytes(copying: OwnProcess.bytes(whole)))
        let digits = hexadecimal(try #require(file.buildID))
        return "\(digits.prefix(2))/\(digits.dropFirst(2)).debug"
    }

    /// What a report says of the running program: the functions of its own with their lines, and
    /// its image.
    func look(_ options: DebugFileOptions = DebugFileOptions()) throws -> Look {
        var child = try ChildProcess(path)
        try #require(child.readLine() == "ready")
        try child.waitUntilSleeping()
        let capture = try LiveCapture.take(pid: child.pid)
        var assembler = SnapshotAssembler(
            capture, debugFiles: DebugFiles(of: capture, options: options))
        let snapshot = assembler.snapshot()
        let image = try #require(snapshot.images.first { $0.path == path })
        // Below `main` is what every program has.
        let frames = try #require(snapshot.threads.first).frames
            .filter { $0.image == image.name }.prefix(2)
        return Look(
            functions: frames.map { $0.function ?? "?" },
            lines: frames.map { $0.location?.line ?? 0 }, image: image,
            gaps: snapshot.coverage.gaps)
    }
}
