import Foundation
import Glibc
import TestSupport
import Testing

/// What scripts rely on: exit codes, which stream what goes to, files.
@Suite(.timeLimit(.minutes(15)))
struct CommandLineTests {
    @Test func aDumpGoesToStandardOutputAndNothingElseDoes() throws {
        let fixture = try Fixture("Depth")
        let result = try Tool.run(["\(fixture.pid)"])
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("TASKS"))
        #expect(result.output.contains("THREADS"))
        #expect(result.output.contains("paused "))
        #expect(!result.output.contains("\u{1b}"))
    }

    @Test func theSameIsSaidToAMachine() throws {
        let fixture = try Fixture("Waits")
        let result = try Tool.run(["dump", "\(fixture.pid)", "--format", "json"])
        #expect(result.status == 0)
        let report = try object(result.output)
        #expect(report["format"] as? String == "asyncattach.report")
        #expect(report["schemaVersion"] as? Int == 1)
        let process = try #require(report["process"] as? [String: Any])
        #expect(process["pid"] as? Int == Int(fixture.pid))
        let tasks = try #require(report["tasks"] as? [[String: Any]])
        #expect(tasks.count == fixture.number("tasks"))
        let capture = try #require(report["capture"] as? [String: Any])
        #expect(try #require(capture["pauseNanoseconds"] as? Int) > 0)
        let line = try Tool.run(["\(fixture.pid)", "--format", "ndjson"]).output
        #expect(line.split(separator: "\n").count == 1)
        #expect(try object(line)["format"] as? String == "asyncattach.report")
    }

    @Test func aProcessIsFoundByItsName() throws {
        let fixture = try Fixture("ZombieLeader")
        let result = try Tool.run(["ZombieLeader"])
        #expect(result.output.contains("pid \(fixture.pid) "))
        let missing = try Tool.run(["no-such-name"])
        #expect(missing.status == 3)
        #expect(missing.errorLines.count == 1)
    }

    @Test func severalOfANameAreNotGuessedAt() throws {
        let folder = try TemporaryFolder()
        let name = "twin-\(getpid())"
        let program = folder.path + "/" + name
        _ = try Tool.run(["/bin/sleep", program], tool: "/bin/cp")
        let first = try ChildProcess(program, ["1000"])
        let second = try ChildProcess(program, ["1000"])
        let result = try Tool.run([name])
        #expect(result.status == 3)
        #expect(result.errors.contains("\(first.pid)"))
        #expect(result.errors.contains("\(second.pid)"))
        #expect(result.output.isEmpty)
    }

    @Test(
        arguments: [
            (["4194000"], 3), (["99999999999"], 3), (["-1"], 64), ([], 64), (["1", "--bogus"], 64),
            (["1", "--format", "xml"], 64), (["1", "--timeout", "0"], 64), ([""], 64),
        ] as [([String], Int32)])
    func wrongWordsGetOneClearAnswer(_ arguments: [String], _ status: Int32) throws {
        let result = try Tool.run(arguments)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
        if status == 3 { #expect(result.errorLines.count == 1) }
    }

    /// Run by a shell that takes something away first: `"$@"` is the tool and its arguments.
    @Test(
        arguments: [
            // The report must not end up in whatever file is opened under the number 1.
            ("exec <&- >&- 2>&-; \"$@\"", 74, ""),
            ("\"$@\" >&-", 74, "Bad file descriptor"),
            ("\"$@\" >/dev/full", 74, "No space left"),
            (
                "(ulimit -f 0; \"$@\" -o report) 2>&1 | cat >&2; exit ${PIPESTATUS[0]}", 74,
                "File too large"
            ),
            ("\"$@\" -o ''", 74, "a file without a name"),
            // That we may open no more files does not mean that the process is gone.
            ("ulimit -n 6; \"$@\"", 70, "Too many open files; raise the limit with `ulimit -n`"),
            ("ulimit -n 7; \"$@\"", 70, "Too many open files; raise the limit with `ulimit -n`"),
            ("ulimit -s 128; \"$@\"", 0, ""),
            (
                "\"$@\" & while read -r child _ </proc/$!/task/$!/children; "
                    + "[ -z \"$child\" ]; do :; done; "
                    + "kill -9 $child; wait $!", 70, "killed from outside"
            ),
            ("env -i \"$@\"", 0, ""),
            ("LC_ALL=xx_YY.bogus \"$@\"", 0, ""),
        ] as [(String, Int32, String)])
    func whatIsMissingAroundTheToolIsSaid(
        _ script: String, _ status: Int32, _ words: String
    ) throws {
        let child = try ChildProcess("/bin/sleep", ["1000"])
        let folder = try TemporaryFolder()
        let result = try Tool.run(
            ["\(child.pid)"],
            wrapper: ["/bin/bash", "-c", "cd \(folder.path); " + script, "bash"])
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errorLines.count == (words.isEmpty ? 0 : 1), "\(result.errors)")
        #expect(words.isEmpty || result.errors.contains(words), "\(result.errors)")
        #expect(child.statusField("TracerPid") == "0")
        #expect(try folder.names().isEmpty)
    }

    @Test(.enabled(if: getuid() == 0, "only root can take /proc away"))
    func withoutProcItSaysSo() throws {
        let result = try Tool.run(
            ["1"],
            wrapper: [
                "/usr/bin/unshare", "-m", "/bin/bash", "-c",
                "mount -t tmpfs none /proc && \"$@\"", "bash",
            ])
        #expect(result.status == 4)
        #expect(result.errors.contains("no /proc is mounted here"))
        #expect(result.errorLines.count == 1)
    }

    @Test func aTracedProcessIsLeftToItsTracer() throws {
        let child = try ChildProcess("/bin/sleep", ["1000"])
        // It waits for a command. A "shell" of it would outlive it, and hold the test's output.
        let tracer = try ChildProcess("/usr/bin/gdb", ["-q", "-nx", "-p", "\(child.pid)"])
        try child.waitUntil(tracedBy: tracer.pid)
        let result = try Tool.run(["\(child.pid)"])
        #expect(result.status == 4)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.contains("process \(tracer.pid) (gdb) traces it already"))
    }

    @Test(.enabled(if: getuid() == 0, "only root can play another user"))
    func anotherUsersProcessIsRefusedWithTheWayOut() throws {
        let child = try ChildProcess("/bin/sleep", ["1000"])
        let result = try PublicCopy().run(["\(child.pid)"])
        #expect(result.status == 4)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.contains("it belongs to another user (uid 0)"))
        #expect(result.errors.contains("sudo asyncattach \(child.pid)"))
    }

    @Test(.enabled(if: getuid() == 0, "only root can play another user"))
    func aProcessThatMadeItselfUnreadableIsRefusedWithTheCause() throws {
        // prctl(PR_SET_DUMPABLE, 0)
        let script = """
            import ctypes, time
            ctypes.CDLL(None).prctl(4, 0)
            print("ready", flush=True)
            time.sleep(1000)
            """
        var child = try ChildProcess(
            PublicCopy.asNobody[0],
            PublicCopy.asNobody.dropFirst() + ["/usr/bin/python3", "-c", script])
        try #require(child.readLine() == "ready")
        let result = try PublicCopy().run(["\(child.pid)"])
        #expect(result.status == 4)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.contains("made itself unreadable"))
        #expect(result.errors.contains("sudo asyncattach \(child.pid)"))
    }

    /// The filter of containerd lets ptrace pass, and not process_vm_readv.
    @Test(arguments: [EPERM, ENOSYS])
    func memoryIsReadWhereAFilterForbidsTheQuickWay(errno: Int32) throws {
        let fixture = try Fixture("Waits")
        // prctl(PR_SET_SECCOMP) with: load the number; if it is 310, process_vm_readv, fail.
        let script = """
            import ctypes, os, struct, sys
            rules = [(0x20, 0, 0, 0), (0x15, 0, 1, 310), (0x06, 0, 0, 0x50000 | \(errno)),
                     (0x06, 0, 0, 0x7fff0000)]
            code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *r) for r in rules))
            program = struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code))
            libc = ctypes.CDLL(None)
            assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let result = try Tool.run(
            ["\(fixture.pid)", "--format", "json"], wrapper: ["/usr/bin/python3", "-c", script])
        #expect(result.status == 0, "\(result.errors)")
        let tasks = try #require(try object(result.output)["tasks"] as? [[String: Any]])
        #expect(tasks.count == fixture.number("tasks"))
    }

    /// A capability that a program file or a service manager gave is no reason to keep it.
    @Test(
        .enabled(if: getuid() == 0, "only root can give capabilities away"),
        arguments: [["--reuid=65534"], ["--reuid=0"]])
    func privilegesAreGoneWhenTheReportIsWritten(user: [String]) throws {
        let fixture = try Fixture("Many", ["4000"])
        let copy = try PublicCopy()
        let capabilities = "-all,+sys_ptrace,+dac_read_search,+setuid,+setgid"
        // The report does not fit into the pipe, which nobody reads.
        let tool = try ChildProcess(
            "/usr/bin/setpriv",
            user + [
                "--regid=65534", "--clear-groups", "--bounding-set=\(capabilities)",
                "--inh-caps=\(capabilities)", "--ambient-caps=\(capabilities)", copy.path,
                "\(fixture.pid)", "--format", "json",
            ])
        let blocked = try #require(try blockedWriter(below: tool.pid))
        #expect(blocked.contains("CapEff:\t0000000000000000"))
        #expect(blocked.contains("CapPrm:\t0000000000000000"))
        #expect(blocked.contains("Uid:\t65534\t65534\t65534\t65534"))
    }

    /// The status of a thread of a child of `parent` that waits for room in a pipe.
    private func blockedWriter(below parent: Int32) throws -> String? {
        for _ in 0..<6000 {
            let children = "/proc/\(parent)/task/\(parent)/children"
            let child = try String(contentsOfFile: children, encoding: .utf8).split(separator: " ")
            for pid in child {
                let threads = "/proc/\(pid)/task"
                let ids = (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? []
                for id in ids {
                    // write(2) is number 1.
                    let call = try? String(
                        contentsOfFile: "\(threads)/\(id)/syscall", encoding: .utf8)
                    if call?.hasPrefix("1 0x1 ") == true {
                        return try String(
                            contentsOfFile: "\(threads)/\(id)/status", encoding: .utf8)
                    }
                }
            }
            usleep(10_000)
        }
        return nil
    }

    @Test func aProgramOf32BitsIsRefusedByName() throws {
        let folder = try TemporaryFolder()
        let source = folder.path + "/pause.s"
        // pause(2), again and again, by the old way into the kernel.
        try "  .globl _start\n_start:\n  movl $29, %eax\n  int $0x80\n  jmp _start\n"
            .write(toFile: source, atomically: true, encoding: .utf8)
        let program = folder.path + "/pause"
        let compiled = try Tool.run(
            [
                "clang", "--target=i386-linux-gnu", "-nostdlib", "-static", "-fuse-ld=lld", source,
                "-o", program,
            ], tool: "/usr/bin/env")
        try #require(compiled.status == 0, "\(compiled.errors)")
        let child = try ChildProcess(program)
        let result = try Tool.run(["\(child.pid)"])
        #expect(result.status == 5)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.contains("is a 32-bit program"))
        #expect(child.statusField("TracerPid") == "0")
    }

    @Test func aProcessWithoutSwiftHasItsNativeStacks() throws {
        let fixture = try Fixture("NoSwift")
        let result = try Tool.run(["\(fixture.pid)", "--format", "json"])
        #expect(result.status == 0)
        let report = try object(result.output)
        #expect((report["runtime"] as? [String: Any])?["present"] as? Bool == false)
        let threads = try #require(report["threads"] as? [[String: Any]])
        #expect(threads.count == 2)
        for thread in threads {
            let frames = try #require(thread["frames"] as? [[String: Any]])
            #expect(frames.count > 2)
        }
    }

    @Test func aRuntimeWhoseFileIsDamagedIsNotDenied() throws {
        let library = "libswift_Concurrency.so"
        let loaded = try Fixture("Depth")
        let report = try object(Tool.run(["\(loaded.pid)", "--format", "json"]).output)
        let images = try #require(report["images"] as? [[String: Any]])
        let image = try #require(images.first { $0["name"] as? String == library })
        let original = try #require(image["path"] as? String)
        let folder = try TemporaryFolder()
        let copy = folder.path + "/" + library
        try FileManager.default.copyItem(atPath: original, toPath: copy)
        let others = (original as NSString).deletingLastPathComponent
        var child = try ChildProcess(
            Fixture.folder + "/release/Depth",
            environment: ["LD_LIBRARY_PATH=\(folder.path):\(others)"])
        while let line = child.readLine(), !line.contains("\"ready\":true") {}
        // Code and data stay; symbols, which nobody needs any more, go.
        unsafe truncate(copy, 400_000)
        let result = try Tool.run(["\(child.pid)"])
        #expect(result.status == 2)
        #expect(result.output.contains("none found; what could not be read is listed below"))
        #expect(result.output.contains("\(library) is loaded"))
    }

    @Test func swiftWithoutTasksIsNoFailure() throws {
        let fixture = try Fixture("NoTasks")
        let result = try Tool.run(["\(fixture.pid)", "--format", "json"])
        #expect(result.status == 0)
        let report = try object(result.output)
        #expect((report["tasks"] as? [Any])?.isEmpty == true)
        #expect((report["threads"] as? [Any])?.count == 1)
    }

    @Test func whatCouldNotBeReadIsSaidInTheReportAndTheStatus() throws {
        let fixture = try Fixture("VforkParent")
        let result = try Tool.run(["\(fixture.pid)", "--format", "json"])
        #expect(result.status == 2)
        let coverage = try #require(try object(result.output)["coverage"] as? [String: Any])
        let gaps = try #require(coverage["gaps"] as? [[String: Any]])
        #expect(gaps.contains { $0["reason"] as? String == "notStopped" })
        let check = try Tool.run(["check", "\(fixture.pid)"])
        #expect(check.status == 2 && check.output.isEmpty)
        #expect(check.errorLines.count { $0.contains("could not read thread") } == 1)
        #expect(check.errorLines.count { $0.contains("has no Swift code") } == 1)
        #expect(check.errorLines.count == 2)
    }

    @Test func aFileAppearsWholeOrNotAtAll() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/report.json"
        let fixture = try Fixture("Waits")
        let result = try Tool.run(["\(fixture.pid)", "--format", "json", "-o", path])
        #expect(result.status == 0)
        #expect(result.output.isEmpty)
        #expect(try folder.names() == ["report.json"])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        _ = try object(try String(contentsOfFile: path, encoding: .utf8))
        let failed = try Tool.run(["4194000", "-o", folder.path + "/none"])
        #expect(failed.status == 3)
        #expect(try folder.names() == ["report.json"])
        // A target that is not there takes nothing from the report on one that is.
        let both = try Tool.run(
            ["4194000", "\(fixture.pid)", "--format", "ndjson", "-o", folder.path + "/both"])
        #expect(both.status == 3 && both.errorLines.count == 1)
        _ = try object(try String(contentsOfFile: folder.path + "/both", encoding: .utf8))
        try FileManager.default.removeItem(atPath: folder.path + "/both")
        // A device is written to, never replaced.
        let discarded = try Tool.run(["\(fixture.pid)", "-o", "/dev/null"])
        #expect(discarded.status == 0, "\(discarded.errors)")
        var status = stat()
        #expect(unsafe stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        let nowhere = try Tool.run(["\(fixture.pid)", "-o", folder.path + "/no/such/folder"])
        #expect(nowhere.status == 74)
        #expect(nowhere.errorLines.count == 1)
    }

    @Test func aFullDiskIsAnErrorAndTheTargetRunsOn() throws {
        var fixture = try Fixture("Waits")
        let result = try Tool.run(["\(fixture.pid)"], outputTo: "/dev/full")
        #expect(result.status == 74)
        #expect(result.errors.contains("No space left on device"))
        #expect(fixture.child.statusField("TracerPid") == "0")
        #expect(try fixture.ask("ping")["pong"] != nil)
    }

    /// It is made of what the commands say of themselves, so it lacks what they leave out.
    @Test func theManualHasEveryCommandAndExitCode() throws {
        let manual = try Tool.run(
            [Tool.path], tool: Fixture.packageFolder + "/scripts/generate-manual")
        #expect(manual.status == 0, "\(manual.errors)")
        let lines = manual.output.split(separator: "\n")
        for command in ["dump", "check", "capture", "core", "ps", "explain"] {
            #expect(lines.contains(".Ss \(command)"))
        }
        for code in [0, 1, 2, 3, 4, 5, 6, 64, 70, 74] { #expect(lines.contains(".It \(code)")) }
        #expect(lines.contains(".It Fl o , Fl -output Ar output"))
        // A line that roff would take for a request of its own.
        #expect(!lines.contains { $0.hasPrefix("'") || $0.hasPrefix(". ") })
    }

    @Test func coloursOnlyWhenAskedFor() throws {
        let fixture = try Fixture("Waits")
        #expect(try Tool.run(["\(fixture.pid)", "--color", "always"]).output.contains("\u{1b}["))
        #expect(try !Tool.run(["\(fixture.pid)"]).output.contains("\u{1b}["))
    }

    private func object(_ text: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(object as? [String: Any])
    }
}
