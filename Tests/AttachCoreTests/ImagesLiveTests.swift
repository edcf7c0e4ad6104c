import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Images of processes that run.
@Suite(.timeLimit(.minutes(15))) struct LiveImageTests {
    /// A C program, built when needed, that spins in `clock_gettime`.
    private static func build(_ path: String, value: Int) throws {
        let source = """
            #include <time.h>
            #include <stdio.h>
            __attribute__((noinline)) long ask(void) {
                struct timespec now;
                clock_gettime(CLOCK_MONOTONIC, &now);
                return now.tv_nsec + \(value);
            }
            int main(void) {
                puts("ready");
                fflush(stdout);
                for (volatile long sum = 0;; sum += ask()) {}
            }
            """
        _ = try #require(
            Oracle.run(
                "\(Oracle.toolchain)/clang",
                ["-g", "-O1", "-x", "c", "-", "-o", path, "-Wl,--build-id"], input: source))
    }

    private static func folder() throws -> String {
        var template = Array("/tmp/asyncattach-images-XXXXXX".utf8CString)
        return try unsafe String(cString: #require(mkdtemp(&template)))
    }

    @Test func namesTheKernelsLibraryFromMemory() throws {
        let folder = try Self.folder()
        let path = folder + "/spin"
        defer {
            _ = unsafe unlink(path)
            _ = unsafe rmdir(folder)
        }
        try Self.build(path, value: 1)
        var child = try ChildProcess(path)
        #expect(child.readLine() == "ready")
        var names: Set<String> = []
        for _ in 0..<50 where !names.contains(where: { $0.hasSuffix("clock_gettime") }) {
            var assembler = SnapshotAssembler(try LiveCapture.take(pid: child.pid))
            let snapshot = assembler.snapshot()
            let top = snapshot.threads.first?.frames.first
            if top?.image == "[vdso]" { names.insert(top?.function ?? "?") }
        }
        // The kernel's library keeps some of its functions' names to itself.
        #expect(names.contains { $0.hasSuffix("clock_gettime") }, "\(names)")
    }

    /// The path names another file now; the mapping still names the one that runs.
    @Test func namesTheFileThatRunsThoughItWasReplaced() throws {
        let folder = try Self.folder()
        let path = folder + "/spin"
        let other = folder + "/other"
        defer {
            for file in [path, other] { _ = unsafe unlink(file) }
            _ = unsafe rmdir(folder)
        }
        try Self.build(path, value: 1)
        try Self.build(other, value: 2)
        let running = try ELFFile(ImageBytes(copying: OwnProcess.bytes(path))).buildID
        let replacing = try ELFFile(ImageBytes(copying: OwnProcess.bytes(other))).buildID
        try #require(running != nil && running != replacing)
        var child = try ChildProcess(path)
        #expect(child.readLine() == "ready")
        try #require(unsafe rename(other, path) == 0)
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: child.pid))
        let snapshot = assembler.snapshot()
        let image = try #require(snapshot.images.first { $0.path.contains("/spin") })
        #expect(image.buildID == running.map(hexadecimal))
        #expect(image.name == "spin")
        let main = snapshot.threads.first?.frames.first { $0.function == "main" }
        #expect((10...11).contains(main?.location?.line ?? 0))
    }
}
