import Foundation
import Glibc
import TestSupport
import Testing

/// `ps`: whom one could look at, told without a stop.
@Suite(.timeLimit(.minutes(15)))
struct PsTests {
    /// What is said of a process must be what attaching to it finds out.
    @Test(arguments: [Fixture.Mode.debug, .release, .releaseWithoutDebugInformation, .static])
    func theListAgreesWithTheReport(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Actors", mode: mode)
        let listed = try #require(try process(fixture.pid))
        let report = try object(Tool.run(["\(fixture.pid)", "--format", "json"]).output)
        let runtime = try #require(report["runtime"] as? [String: Any])
        #expect(listed["runtime"] as? NSDictionary == runtime as NSDictionary)
        #expect(runtime["layout"] != nil)
        let executable = (report["process"] as? [String: Any])?["executable"]
        #expect(listed["executable"] as? String == executable as? String)
        #expect(listed["stripped"] as? Bool == false)
        #expect(listed["attachable"] as? Bool == true)
        let table = try Tool.run(["ps"])
        #expect(table.status == 0)
        let line = table.output.split(separator: "\n").first { $0.hasPrefix("\(fixture.pid) ") }
        #expect(line?.hasSuffix(" Actors") == true)
        #expect(line?.contains(mode == .static ? " static " : " dynamic ") == true)
    }

    @Test(arguments: [("Actors", "stripped"), ("Isolation", "release-nog-static-bare")])
    func aStrippedProgramIsStillSwift(name: String, mode: String) throws {
        let fixture = try Fixture(name, mode: Fixture.Mode(rawValue: mode))
        let listed = try #require(try process(fixture.pid))
        let runtime = try #require(listed["runtime"] as? [String: Any])
        #expect(runtime["present"] as? Bool == true)
        #expect(runtime["linkage"] as? String == "static")
        #expect(runtime["layout"] == nil)
        #expect(listed["stripped"] as? Bool == true)
    }

    /// What was run counts, and not what bears its name now.
    @Test(arguments: ["deleted", "replaced"])
    func aProgramMayBeGoneFromTheDisk(how: String) throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/Actors"
        _ = try Tool.run([Fixture.folder + "/static/Actors", program], tool: "/bin/cp")
        var child = try ChildProcess(program)
        while let line = child.readLine(), !line.contains("\"ready\":true") {}
        try FileManager.default.removeItem(atPath: program)
        if how == "replaced" { try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: program)) }
        let listed = try #require(try process(child.pid))
        let runtime = try #require(listed["runtime"] as? [String: Any])
        #expect(runtime["linkage"] as? String == "static")
        #expect(runtime["layout"] != nil)
    }

    @Test func onlyAllShowsAProcessWithoutSwift() throws {
        let fixture = try Fixture("NoSwift")
        #expect(try process(fixture.pid) == nil)
        let listed = try #require(try process(fixture.pid, all: true))
        let runtime = try #require(listed["runtime"] as? [String: Any])
        #expect(runtime["swift"] as? Bool == false)
        #expect(listed["threads"] as? Int == 2)
        #expect(listed["attachable"] as? Bool == true)
    }

    @Test func whatCannotBeAttachedToIsListedWithTheReason() throws {
        let zombie = try ChildProcess("/bin/true")
        try zombie.waitUntil(state: "Z")
        #expect(try process(zombie.pid) == nil)
        let listed = try #require(try process(zombie.pid, all: true))
        #expect(listed["obstacle"] as? String == "it has ended already (a zombie)")
        #expect(listed["attachable"] as? Bool == false)
        #expect(listed["runtime"] == nil)

        let fixture = try Fixture("Depth")
        let tracer = try ChildProcess("/usr/bin/gdb", ["-q", "-nx", "-p", "\(fixture.pid)"])
        try fixture.child.waitUntil(tracedBy: tracer.pid)
        #expect(try process(fixture.pid) == nil)
        let traced = try #require(try process(fixture.pid, all: true))
        #expect(
            traced["obstacle"] as? String == "process \(tracer.pid) (gdb) traces it already")
        // That somebody traces it keeps nobody from reading its files.
        #expect((traced["runtime"] as? [String: Any])?["present"] as? Bool == true)
    }

    @Test(.enabled(if: getuid() == 0, "only root can play another user"))
    func anotherUserSeesOwnProcessesOnly() throws {
        let mine = try Fixture("Depth")
        let copy = try PublicCopy()
        let theirs = try Fixture("Depth", launcher: PublicCopy.asNobody)
        let result = try copy.run(["ps", "--all", "--format", "ndjson"])
        #expect(result.status == 0, "\(result.errors)")
        let list = try objects(result.output)
        let own = try #require(list.first { $0["pid"] as? Int == Int(theirs.pid) })
        #expect(own["attachable"] as? Bool == true)
        #expect((own["runtime"] as? [String: Any])?["layout"] != nil)
        let other = try #require(list.first { $0["pid"] as? Int == Int(mine.pid) })
        #expect(other["obstacle"] as? String == "it belongs to another user (uid 0)")
        #expect(other["name"] as? String == "Depth")
        #expect(other["runtime"] == nil)

        let table = try copy.run(["ps"])
        #expect(table.status == 0)
        #expect(table.output.contains("Depth"))
        #expect(table.errors.contains("more could not be looked at"))
        #expect(table.errorLines.count == 1)
    }

    @Test(.enabled(if: getuid() == 0, "only root can make namespaces"))
    func aContainerHasPidsOfItsOwn() throws {
        let fixture = try Fixture(
            "Depth", launcher: ["/usr/bin/unshare", "--pid", "--mount-proc", "--fork"])
        let child = try #require(
            try objects(Tool.run(["ps", "--format", "ndjson"]).output).first {
                $0["namespacePIDs"] as? [Int] == [1] && $0["name"] as? String == "Depth"
                    && parent(of: $0["pid"] as? Int) == fixture.pid
            })
        #expect((child["runtime"] as? [String: Any])?["layout"] != nil)
    }

    /// In a pid namespace of its own the tool is alone.
    @Test(.enabled(if: getuid() == 0, "only root can make namespaces"))
    func nobodyThereIsNoError() throws {
        let alone = ["/usr/bin/unshare", "--pid", "--mount-proc", "--fork"]
        let table = try Tool.run(["ps"], wrapper: alone)
        #expect(table.status == 0)
        #expect(table.output.isEmpty)
        #expect(table.errorLines.count == 1)
        let document = try Tool.run(["ps", "--all", "--format", "json"], wrapper: alone)
        #expect(document.status == 0)
        #expect(document.errors.isEmpty)
        #expect((try object(document.output)["processes"] as? [Any])?.isEmpty == true)
    }

    /// Any user may map any file, and call it what they like.
    @Test func filesMadeToHurtKeepNobodyOffTheList() throws {
        let folder = try TemporaryFolder()
        let wraps = folder.path + "/libswift_Concurrency.so"
        try ELFHeaders.file(segments: [(offset: .max - 55, size: 1 << 30)], length: 8192)
            .write(to: URL(filePath: wraps))
        var slow: [String] = []
        for index in 0..<3 {
            let path = folder.path + "/libswift_\(index).so"
            try ELFHeaders.file(
                segments: Array(repeating: (offset: 0, size: 64 << 20), count: 1000), length: 60_000
            ).write(to: URL(filePath: path))
            try #require(unsafe truncate(path, 64 << 20) == 0)
            slow.append(path)
        }
        let fixture = try Fixture("Hostile", ["map", wraps] + slow)
        let swift = try Fixture("Depth")
        let result = try Tool.run(["ps", "--all", "--format", "ndjson"])
        #expect(result.status == 0, "\(result.errors)")
        let list = try objects(result.output)
        let hostile = try #require(list.first { $0["pid"] as? Int == Int(fixture.pid) })
        #expect(hostile["attachable"] as? Bool == true)
        let other = try #require(list.first { $0["pid"] as? Int == Int(swift.pid) })
        #expect((other["runtime"] as? [String: Any])?["layout"] != nil)
    }

    /// A stop would show: who is stopped by job control stays so, and nobody is traced.
    @Test func nothingIsStoppedOrContinued() throws {
        let stopped = try Fixture("Depth")
        stopped.child.signal(SIGSTOP)
        try stopped.child.waitUntil(state: "T")
        let listed = try Tool.run(
            ["-f", "--trace=ptrace,process_vm_readv", "-o", "/dev/stderr", Tool.path, "ps"]
                + ["--format", "ndjson"], tool: "/usr/bin/strace")
        #expect(try objects(listed.output).contains { $0["pid"] as? Int == Int(stopped.pid) })
        #expect(stopped.child.statusField("State")?.hasPrefix("T") == true)
        #expect(stopped.child.statusField("TracerPid") == "0")
        // All that it asks of ptrace is whether it is there, of a pid that nobody can have.
        for line in listed.errorLines where line.contains("(") {
            #expect(line.contains("PTRACE_PEEKDATA, 2147483632"), "\(line)")
        }
    }

    @Test func processesThatComeAndGoAreNoError() throws {
        let churn = try ChildProcess("/bin/bash", ["-c", "while :; do /bin/true; done"])
        for _ in 0..<4 {
            let result = try Tool.run(["ps", "--all"])
            #expect(result.status == 0)
            #expect(result.errors.isEmpty)
            #expect(result.output.contains("\(churn.pid) "))
        }
    }

    @Test func aNameCannotActOnTheTerminal() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/\u{1b}[31m\nred"
        _ = try Tool.run(["/bin/sleep", program], tool: "/bin/cp")
        let child = try ChildProcess(program, ["1000"])
        try waitUntil("\(child.pid) has its name") {
            let name = child.statusField("Name")
            return name?.contains("sleep") == false && name?.contains("[31m") == true
        }
        let table = try Tool.run(["ps", "--all"])
        #expect(!table.output.contains("\u{1b}"))
        #expect(
            table.output.split(separator: "\n").contains {
                $0.hasPrefix("\(child.pid) ") && $0.contains("\\u{1b}[31m\\u{a}red")
            })
        #expect(
            try process(child.pid, all: true)?["name"] as? String == "\u{1b}[31m\nred")
    }

    /// The line of a process; nil where it is not listed.
    private func process(_ pid: Int32, all: Bool = false) throws -> [String: Any]? {
        let result = try Tool.run(["ps", "--format", "ndjson"] + (all ? ["--all"] : []))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
        return try objects(result.output).first { $0["pid"] as? Int == Int(pid) }
    }

    private func parent(of pid: Int?) -> Int32? {
        guard let pid, let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1
        else { return nil }
        return Int32(fields[1])
    }

    private func objects(_ lines: String) throws -> [[String: Any]] {
        try lines.split(separator: "\n").map { try object(String($0)) }
    }

    private func object(_ text: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(object as? [String: Any])
    }
}
