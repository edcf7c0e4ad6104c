import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Code that a process made as it ran.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Architecture.isX86, "the code it makes is x86_64's"))
struct GeneratedCodeTests {
    /// Makes a function that waits in pause(2) for ever, and says where it is.
    private static let source = """
        #include <stdio.h>
        #include <string.h>
        #include <sys/mman.h>
        int main(void) {
            // 1: mov $34, %eax; syscall; jmp 1b
            static const unsigned char code[] = {0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};
            char *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memcpy(place + 64, code, sizeof code);
            mprotect(place, 4096, PROT_READ | PROT_EXEC);
            printf("%lx\\n", (unsigned long)place + 64);
            fflush(stdout);
            getchar();
            ((void (*)(void))(place + 64))();
        }

        """

    /// What lies at the place of the map.
    enum Map: String, CaseIterable, CustomTestStringConvertible {
        case own
        case ofAnotherUser
        case link
        case fifo
        case none

        var testDescription: String { rawValue }
    }

    @Test(arguments: Map.allCases) func itsNameIsWhatTheProcessCallsIt(map: Map) throws {
        // Only root can make a file of another user.
        guard map != .ofAnotherUser || getuid() == 0 else { return }
        let program = try BuiltProgram()
        _ = try #require(
            Oracle.run(
                "\(Oracle.toolchain)/clang", ["-O1", "-x", "c", "-", "-o", program.path],
                input: Self.source))
        var child = try ChildProcess(program.path)
        let line = child.readLine()
        let start = try #require(line)
        let path = "/tmp/perf-\(child.pid).map"
        defer { _ = unsafe unlink(path) }
        // An older name of the same place, a line that makes no sense, and the name.
        let text = "\(start) 8 old_name\nnonsense\n\(start) 9 made [tier 1]\nfff 1 other\n"
        switch map {
        case .own: try text.write(toFile: path, atomically: false, encoding: .utf8)
        case .ofAnotherUser:
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            try #require(unsafe chown(path, 65534, 65534) == 0)
        case .link:
            let other = program.folder + "/map"
            try text.write(toFile: other, atomically: false, encoding: .utf8)
            try #require(unsafe symlink(other, path) == 0)
        case .fifo: try #require(unsafe mkfifo(path, 0o600) == 0)
        case .none: break
        }
        child.send("")
        try waitUntil("\(child.pid) pauses") {
            let call = try? String(contentsOfFile: "/proc/\(child.pid)/syscall", encoding: .utf8)
            return call?.hasPrefix("34 ") == true
        }
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: child.pid))
        let frame = try #require(assembler.snapshot().threads.first?.frames.first)
        #expect(frame.function == (map == .own ? "made [tier 1]" : nil))
        #expect(frame.image == (map == .own ? "perf-\(child.pid).map" : nil))
    }
}

extension Architecture {
    fileprivate static var isX86: Bool {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return false }
        return unsafe withUnsafeBytes(of: &name.machine) { unsafe $0.starts(with: "x86_64".utf8) }
    }
}
