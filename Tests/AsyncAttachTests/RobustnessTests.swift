import Foundation
import Glibc
import TestSupport
import Testing

/// What the tool does where the system, or the target, does not play along.
@Suite(.timeLimit(.minutes(5)))
struct RobustnessTests {
    @Test(arguments: [["--help"], ["--version"], ["help", "dump"], ["dump", "--help"]])
    func helpThatCannotBeWrittenIsAnError(arguments: [String]) throws {
        let result = try Tool.run(arguments, outputTo: "/dev/full")
        #expect(result.status == 74)
        #expect(result.errorLines.count == 1)
        let whole = try Tool.run(arguments)
        #expect(whole.status == 0)
        #expect(whole.errors.isEmpty)
        #expect(whole.output.hasSuffix("\n"))
    }

    /// Nobody reads what goes wrong.
    @Test func aFullPipeOnStandardErrorHoldsNothingUp() throws {
        let pipe = Pipe()
        let end = pipe.fileHandleForWriting.fileDescriptor
        let flags = fcntl(end, F_GETFL)
        _ = fcntl(end, F_SETFL, flags | O_NONBLOCK)
        let line = [UInt8](repeating: 0x2e, count: 4096)
        while unsafe write(end, line, line.count) > 0 {}
        _ = fcntl(end, F_SETFL, flags)
        let fixture = try Fixture("Depth")
        for (arguments, status) in [(["\(fixture.pid)", "-v"], 0), (["no-such-name"], 3)] {
            let process = Process()
            process.executableURL = URL(filePath: Tool.path)
            process.arguments = arguments as [String]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = pipe.fileHandleForWriting
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == status)
        }
        #expect(fixture.child.statusField("TracerPid") == "0")
    }

    @Test(.enabled(if: getuid() == 0, "only root can mount"))
    func aCoreFileThroughAPipeNeedsNoFolder() throws {
        let folder = try TemporaryFolder()
        let core = folder.path + "/core"
        let fixture = try Fixture("Depth")
        #expect(try Tool.run(["capture", "\(fixture.pid)", "-o", core]).status == 0)
        let readOnly = """
            for place in /tmp /var/tmp; do mount -t tmpfs -o ro none $place; done
            unset TMPDIR; exec "$@"
            """
        // The tool itself may lie in one of these folders.
        let open = "exec 3< <(cat \(core)) 4< \(Tool.path); exec \"$@\""
        let result = try Tool.run(
            ["sh", "-c", "/proc/self/fd/4 core - --no-lines <&3"],
            wrapper: [
                "/bin/bash", "-c", open, "bash", "unshare", "-m", "sh", "-c", readOnly, "sh",
            ], tool: "/usr/bin/env")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("Depth"))
    }

    @Test func codeAtTheTopOfTheAddressSpaceIsNamed() throws {
        let fixture = try Fixture("Hostile", ["top"])
        let result = try Tool.run(["\(fixture.pid)"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("run_top"))
    }
}
