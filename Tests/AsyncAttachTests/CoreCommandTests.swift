import Foundation
import Glibc
import TestSupport
import Testing

/// `capture` and `core`, as a user runs them.
@Suite(.timeLimit(.minutes(15)))
struct CoreCommandTests {
    @Test func whatIsCapturedCanBeLookedAtLater() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/bank.core"
        let captured: Tool.Result
        do {
            let fixture = try Fixture("Bank", mode: .release)
            captured = try Tool.run(["capture", "\(fixture.pid)", "-o", file])
            #expect(fixture.child.statusField("TracerPid") == "0")
        }
        #expect(captured.status == 0, "\(captured.errors)")
        #expect(captured.output.isEmpty && captured.errors.isEmpty)
        #expect(try folder.names() == ["bank.core"])
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)

        let page = try Tool.run(["core", file])
        #expect(page.status == 0, "\(page.errors)")
        #expect(page.output.contains("from a core file"))
        #expect(page.output.contains("\"withdraw-alice\"") && page.output.contains("Vault"))
        let json = try Tool.run(["core", file, "--format", "json", "-o", folder.path + "/json"])
        #expect(json.status == 0 && json.output.isEmpty)
        let text = try String(contentsOfFile: folder.path + "/json", encoding: .utf8)
        #expect(text.contains(#""source": "core""#) && !text.contains("pauseNanoseconds"))

        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        try whole.prefix(whole.count * 3 / 4).write(to: URL(fileURLWithPath: file))
        let cut = try Tool.run(["core", file])
        #expect(cut.status == 2 && cut.output.contains("the core file is cut short"))
    }

    /// What moves is seen while the process lives, and kept.
    @Test func whatWasLikelyIsSoInTheFile() throws {
        let folder = try TemporaryFolder()
        func verdict(_ patience: String) throws -> String {
            let file = folder.path + "/\(patience).core"
            let fixture = try Fixture("Verdict", ["actor-semaphore", "sick"])
            let captured = try Tool.run(
                ["capture", "\(fixture.pid)", "-o", file, "--patience", patience])
            #expect(captured.status == 0, "\(captured.errors)")
            return try Tool.run(["core", file, "--only", "verdict", "-v"]).output
        }
        let watched = try verdict("500ms")
        #expect(watched.contains("ACTOR BLOCKED (likely)"), "\(watched)")
        #expect(watched.contains("unchanged for 5"), "\(watched)")
        let once = try verdict("0")
        #expect(once.contains("hint") && !once.contains("(likely)"), "\(once)")
    }

    /// As `coredumpctl dump PID | asyncattach core -` has it.
    @Test(
        arguments: [
            ("cat \"$0\" | \"$@\" -", 0), ("\"$@\" - <\"$0\"", 0),
            ("\"$@\" <(cat \"$0\")", 0), ("zstd -qc \"$0\" | \"$@\" -", 0),
            ("head -c 400000 \"$0\" | \"$@\" -", 2), ("\"$@\" - </dev/null", 5),
            (": | \"$@\" -", 5), ("yes | \"$@\" -", 5), ("\"$@\" - <&-", 5),
        ] as [(String, Int32)])
    func aCoreFileMayComeThroughAPipe(script: String, status: Int32) throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/bank.core"
        do {
            let fixture = try Fixture("Bank", mode: .release)
            let captured = try Tool.run(["capture", "\(fixture.pid)", "-o", file])
            #expect(captured.status == 0)
        }
        let result = try Tool.run(
            ["core"], wrapper: ["/bin/bash", "-c", script, file])
        #expect(result.status == status, "\(result)")
        #expect(result.output.contains("\"withdraw-alice\"") == (status == 0), "\(result)")
        #expect(result.errorLines.count == (status == 5 ? 1 : 0), "\(result)")
        #expect(try folder.names() == ["bank.core"])
    }

    @Test func whatIsWrongIsSaidInALineWithTheWayOut() throws {
        let folder = try TemporaryFolder()
        let empty = folder.path + "/empty"
        #expect(FileManager.default.createFile(atPath: empty, contents: nil))
        for (arguments, status, words) in [
            (["core", "/no/such/core"], 3, "No such file"),
            (["core", "/dev"], 5, "a folder, not a core file"),
            (["core", empty], 5, "an empty file, not a core file"),
            (["core", Tool.path], 5, "a program or library, not a core file"),
            (["capture", "999999999", "-o", folder.path + "/x"], 3, "no process has the pid"),
            (["capture", "1", "-o", "/no/such/folder/x"], 74, "No such file"),
        ] as [([String], Int32, String)] {
            let result = try Tool.run(arguments)
            #expect(result.status == status, "\(arguments): \(result.errors)")
            #expect(
                result.errorLines.count == 1 && result.errors.contains(words), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
        #expect(try folder.names() == ["empty"])
    }

    /// Makes a core file of a copy of a fixture, which has ended afterwards.
    private func capture(_ fixture: String, copiedTo program: String, into file: String) throws {
        var copy = try ChildProcess("/bin/cp", [fixture, program])
        while copy.readLine() != nil {}
        var child = try ChildProcess(program)
        while let line = child.readLine(), !line.contains("\"ready\"") {}
        #expect(try Tool.run(["capture", "\(child.pid)", "-o", file]).status == 0)
    }

    /// A debug file has names and no code: stacks are as long as without it.
    @Test func aDebugFileShortensNoStack() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/Bank"
        let file = folder.path + "/core"
        try capture(Fixture.folder + "/release/Bank", copiedTo: program, into: file)
        var split = try ChildProcess(
            "/usr/bin/objcopy", ["--only-keep-debug", program, program + ".debug"])
        while split.readLine() != nil {}
        try FileManager.default.removeItem(atPath: program)
        let page = ["core", file, "--all", "--only", "threads"]
        let bare = try Tool.run(page)
        let named = try Tool.run(page + ["--debug-dir", folder.path])
        #expect(named.output.contains("Vault.audit(_:)"), "\(named.output)")
        for result in [bare, named] {
            #expect(result.output.contains("_dispatch_worker_thread"), "\(result.output)")
        }
        func ends(_ result: Tool.Result) -> Int {
            result.output.split(separator: "\n").count { $0.contains("the stack ends here") }
        }
        #expect(ends(named) == ends(bare))
    }

    /// Whatever lies where the program was: tasks are in the core file.
    @Test func aProgramThatBecameSomethingElseIsNotBelieved() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/Structure"
        let file = folder.path + "/core"
        try capture(Fixture.folder + "/static/Structure", copiedTo: program, into: file)
        try FileManager.default.removeItem(atPath: program)
        try "#!/bin/sh\n".write(toFile: program, atomically: false, encoding: .utf8)
        for arguments in [["core", file], ["core", file, "--executable", "/etc/passwd"]] {
            let page = try Tool.run(arguments)
            #expect(page.status == 2, "\(page.errors)")
            #expect(page.output.contains("TASKS  21") && page.output.contains("is another one"))
        }
    }

    @Test func theProgramCanLieElsewhere() throws {
        let folder = try TemporaryFolder()
        // A program that is gone when its core file is looked at.
        let program = folder.path + "/moved"
        // Copied elsewhere: a process that is started meanwhile would inherit our descriptor, and
        // what is open to be written cannot be executed (ETXTBSY).
        var copy = try ChildProcess("/bin/cp", [Fixture.folder + "/release/NoTasks", program])
        while copy.readLine() != nil {}
        let file = folder.path + "/core"
        do {
            var child = try ChildProcess(program)
            _ = child.readLine()
            let captured = try Tool.run(["capture", "\(child.pid)", "-o", file])
            #expect(captured.status == 0, "\(captured.errors)")
        }
        let elsewhere = folder.path + "/elsewhere"
        try FileManager.default.moveItem(atPath: program, toPath: elsewhere)
        let without = try Tool.run(["core", file])
        #expect(without.status == 2 && without.output.contains("--executable"), "\(without)")
        // It has no names, but a build ID by which it can be found.
        let json = try Tool.run(["core", file, "--format", "json"])
        let images = json.output.components(separatedBy: #""name": "moved""#)
        #expect(images.dropFirst().contains { $0.prefix(200).contains("buildId") }, "\(json)")
        let with = try Tool.run(["core", file, "--executable", elsewhere])
        #expect(with.status == 0, "\(with)")
        let wrong = try Tool.run(["core", file, "--executable", Tool.path])
        #expect(wrong.status == 2 && wrong.output.contains("another one"), "\(wrong)")
        let root = folder.path + "/root" + folder.path
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: elsewhere, toPath: root + "/moved")
        let below = try Tool.run(["core", file, "--sysroot", folder.path + "/root"])
        // The program is there, the libraries are not.
        #expect(below.status == 2 && below.output.contains("below the --sysroot"), "\(below)")
        #expect(!below.output.contains("file \(program):"), "\(below)")
    }
}
