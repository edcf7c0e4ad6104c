import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Core files of real processes against what the living ones showed.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct CoreFileLiveTests {
    @Test(
        .enabled(if: CoreFolder.kernelWritesThere, "core_pattern is the name of a file"),
        arguments: [
            ("Bank", Fixture.Mode.release), ("Structure", .static), ("Structure", .stripped),
            ("Isolation", .releaseWithoutDebugInformation), ("Actors", .stripped),
            ("Continuations", .static),
        ])
    func aCoreOfTheKernelShowsWhatTheProcessShowed(name: String, mode: Fixture.Mode) throws {
        let folder = try CoreFolder()
        let fixture = try Fixture(name, mode: mode, launcher: folder.launcher)
        let live = try Self.snapshot(of: LiveCapture.take(pid: fixture.pid))
        fixture.child.signal(SIGQUIT)
        let capture = try CoreReader.read(folder.core(of: fixture.pid))
        let core = try Self.snapshot(of: capture)
        expect(core, toBe: live)
        #expect(core.capture.source == .core)
        #expect(core.capture.pauseNanoseconds == 0)
        #expect(core.coverage.gaps == live.coverage.gaps)
        #expect(core.process.pid == fixture.pid)
        #expect(core.process.name == live.process.name)
        #expect(core.process.executable == live.process.executable)
        #expect(core.process.arguments == live.process.arguments)
        #expect(capture.clocks == nil && capture.secondLook == nil)
        // What the kernel leaves out by default came from the files: the core file is small.
        #expect(core.capture.bytes < 64 << 20)
    }

    /// The kernel writes ids as the process knows them, gdb as it sees them itself. In memory, as
    /// the owners of locks, there are only the former.
    @Test(
        .enabled(if: CoreFolder.kernelWritesThere && CoreFolder.hasGDB && CoreFolder.canUnshare),
        arguments: [true, false])
    func theIDsOfAContainerAreToldFromOurs(isOfGDB: Bool) throws {
        let folder = try CoreFolder()
        let fixture = try Fixture(
            "Verdict", ["abba-mutex"], launcher: CoreFolder.unshare + folder.forkingLauncher)
        // unshare, a shell, which has the pid 1 there, and the program.
        let pid = try CoreFolder.child(of: CoreFolder.child(of: fixture.pid))
        let live = try Self.snapshot(of: LiveCapture.take(pid: pid))
        #expect(live.threads.allSatisfy { $0.namespaceID != nil })
        #expect(live.threads.count { $0.wait?.owner != nil } >= 2)
        let path: String
        if isOfGDB {
            path = try folder.coreOfGDB(of: pid)
        } else {
            kill(pid, SIGQUIT)
            path = try folder.core(of: pid)
        }
        let core = try Self.snapshot(of: CoreReader.read(path))
        expect(core, toBe: live, hasInnerIDs: !isOfGDB)
        #expect(core.coverage.gaps.isEmpty)
        if isOfGDB {
            #expect(core.process.pid == pid)
            #expect(core.threads.map(\.namespaceID) == live.threads.map(\.namespaceID))
        } else {
            #expect(core.process.pid == live.process.namespacePIDs.last)
            #expect(core.threads.allSatisfy { $0.namespaceID == nil })
        }
    }

    @Test(.enabled(if: CoreFolder.kernelWritesThere, "core_pattern is the name of a file"))
    func whatHasBeenCutOffIsMissing() throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Bank", mode: .release, launcher: folder.launcher)
        let live = try Self.snapshot(of: LiveCapture.take(pid: fixture.pid))
        fixture.child.signal(SIGQUIT)
        let path = try folder.core(of: fixture.pid)
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        var shown = 0
        // The first stack and the kernel's library come last.
        for lost in [100_000, 400_000, 2_000_000, 8_000_000, 20_000_000] {
            let cut = unsafe truncate(path, size - lost)
            #expect(cut == 0)
            // Of files whose beginning was cut off nobody can tell whether they are the ones.
            let core = try Self.snapshot(
                of: CoreReader.read(path, options: CoreFileOptions(sysroot: "/")))
            #expect(core.coverage.gaps.contains { $0.detail == "the core file is cut short" })
            shown += core.tasks.count
            // What is shown is true, whatever is missing.
            for task in core.tasks {
                let whole = try #require(live.tasks.first { $0.address == task.address })
                #expect(task.id == whole.id)
                #expect(task.state == whole.state, "\(lost)")
                for frame in task.frames where frame.symbol != nil && frame.kind != .inlined {
                    #expect(
                        whole.frames.contains {
                            $0.symbol == frame.symbol && $0.imageOffset == frame.imageOffset
                        }, "\(lost): \(frame)")
                }
            }
        }
        #expect(shown > 0)
    }

    @Test(.enabled(if: CoreFolder.kernelWritesThere, "core_pattern is the name of a file"))
    func withoutTheBeginningsOfFilesTheyAreNotTrusted() throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Bank", mode: .release, launcher: folder.launcher)
        // Bit 4 off: no first page of ELF files (core(5)).
        try "0x23".write(
            toFile: "/proc/\(fixture.pid)/coredump_filter", atomically: false, encoding: .utf8)
        fixture.child.signal(SIGQUIT)
        let path = try folder.core(of: fixture.pid)
        let doubtful = try CoreReader.read(path)
        #expect(!doubtful.files.isEmpty && doubtful.files.allSatisfy { $0.file == nil })
        let nameless = try Self.snapshot(of: doubtful)
        #expect(
            nameless.threads.allSatisfy { thread in
                thread.frames.allSatisfy { $0.symbol == nil || $0.image == "[vdso]" }
            })
        let given = try CoreReader.read(path, options: CoreFileOptions(sysroot: "/"))
        #expect(given.files.allSatisfy { $0.file != nil })
        #expect(try Self.snapshot(of: given).tasks.count == 11)
        #expect(given.gaps.count >= given.files.count)
    }

    /// What each bit of `coredump_filter` (core(5)) is needed for: 0 anonymous memory, 4 the first
    /// pages of files; the others for nothing.
    @Test(
        .enabled(if: CoreFolder.kernelWritesThere, "core_pattern is the name of a file"),
        arguments: [
            ("0x31", 11, true), ("0x7f", 11, true), ("0x3", 11, false), ("0x32", 0, true),
            ("0x0", 0, false),
        ])
    func whatTheFilterLeavesOutIsKnown(filter: String, tasks: Int, hasFiles: Bool) throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Bank", mode: .release, launcher: folder.launcher)
        try filter.write(
            toFile: "/proc/\(fixture.pid)/coredump_filter", atomically: false, encoding: .utf8)
        fixture.child.signal(SIGQUIT)
        let capture = try CoreReader.read(try folder.core(of: fixture.pid))
        #expect(capture.files.allSatisfy { ($0.file != nil) == hasFiles })
        let snapshot = try Self.snapshot(of: capture)
        #expect(snapshot.tasks.count == tasks)
        #expect(snapshot.coverage.gaps.isEmpty == (tasks > 0 && hasFiles))
        let isLeftOut = snapshot.coverage.gaps.contains {
            $0.subject == .memory && $0.detail?.contains("coredump_filter") == true
        }
        #expect(isLeftOut == (tasks == 0))
    }

    @Test(.enabled(if: CoreFolder.hasGDB, "gdb is installed"))
    func aCoreOfGDBShowsWhatTheProcessShowed() throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Verdict", mode: .release, ["abba-mutex"])
        let live = try Self.snapshot(of: LiveCapture.take(pid: fixture.pid))
        let path = try folder.coreOfGDB(of: fixture.pid)
        let core = try Self.snapshot(of: CoreReader.read(path))
        expect(core, toBe: live)
    }

    /// The same tasks in the same states with the same stacks, threads, groups and actors. (Only
    /// threads that ran had moved on.)
    ///
    /// - Parameter hasInnerIDs: Whether the ids of the core file are those of the process's own
    ///   pid namespace.
    private func expect(_ core: Snapshot, toBe live: Snapshot, hasInnerIDs: Bool = false) {
        #expect(!live.tasks.isEmpty)
        let ids = Dictionary(
            uniqueKeysWithValues: live.threads.map { thread in
                (thread.id, hasInnerIDs ? thread.namespaceID ?? thread.id : thread.id)
            })
        var ran = Set(live.threads.filter { $0.systemCall == nil }.map(\.id))
        // One that sleeps again and again may have been on its way to the next time.
        let woke = zip(core.threads, live.threads).filter {
            $0.systemCall == nil && $1.wait?.kind == .sleep
        }
        #expect(woke.count <= 1)
        ran.formUnion(woke.map { $1.id })
        #expect(core.tasks.map(\.id) == live.tasks.map(\.id))
        for (ours, theirs) in zip(core.tasks, live.tasks) {
            #expect(ours.name == theirs.name)
            #expect(ours.state == theirs.state, "task \(ours.id)")
            #expect(ours.thread == theirs.thread.flatMap { ids[$0] }, "task \(ours.id)")
            #expect("\(ours.wait as Any)" == "\(theirs.wait as Any)", "task \(ours.id)")
            guard theirs.thread.map(ran.contains) != true else { continue }
            #expect(ours.frames == theirs.frames, "task \(ours.id)")
        }
        #expect(core.threads.map(\.id) == live.threads.map { ids[$0.id] })
        for (ours, theirs) in zip(core.threads, live.threads) {
            #expect(ours.name.isEmpty)
            #expect(ours.task == theirs.task, "thread \(ours.id)")
            guard !ran.contains(theirs.id) else { continue }
            #expect(ours.wait?.kind == theirs.wait?.kind, "thread \(ours.id)")
            #expect(ours.wait?.owner == theirs.wait?.owner.flatMap { ids[$0] }, "thread \(ours.id)")
            #expect(ours.frames == theirs.frames, "thread \(ours.id)")
        }
        #expect("\(core.groups)" == "\(live.groups)")
        let actors = live.actors.map { actor in
            var actor = actor
            actor.thread = actor.thread.flatMap { ids[$0] }
            return actor
        }
        #expect("\(core.actors)" == "\(actors)")
        #expect(core.images.map(\.buildID) == live.images.map(\.buildID))
        #expect(core.images.map(\.path) == live.images.map(\.path))
    }

    static func snapshot(of capture: Capture) throws -> Snapshot {
        var assembler = SnapshotAssembler(capture)
        return assembler.snapshot()
    }
}

/// A folder for core files that goes away with its value.
struct CoreFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/asyncattach-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Whether the kernel writes a core file to where a process runs.
    static let kernelWritesThere: Bool = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
        let pattern = (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        return !pattern.isEmpty && !pattern.contains("/") && !pattern.contains("|")
    }()

    static let hasGDB = FileManager.default.isExecutableFile(atPath: "/usr/bin/gdb")

    /// What starts a program that leaves its core file here.
    var launcher: [String] {
        let script = #"cd "$0" && ulimit -c unlimited && SWIFT_BACKTRACE=enable=no exec "$@""#
        return ["/bin/sh", "-c", script, path]
    }

    /// The same, with a process of its own between.
    var forkingLauncher: [String] {
        let script = #"cd "$0"; ulimit -c unlimited; SWIFT_BACKTRACE=enable=no "$@"; exit $?"#
        return ["/bin/sh", "-c", script, path]
    }

    /// What starts a program among pids of its own.
    static let unshare = [
        "/usr/bin/unshare", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child",
    ]

    /// Runs a program to its end.
    @discardableResult
    static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Whether we may.
    static let canUnshare =
        (try? run(unshare[0], unshare.dropFirst() + ["/bin/true"])) == 0

    /// The first child of a process.
    static func child(of pid: Int32) throws -> Int32 {
        let children = try String(
            contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        return try #require(children.split(separator: " ").first.flatMap { Int32($0) })
    }

    /// The core file that a dying process leaves here.
    func core(of pid: Int32) throws -> String {
        // It is written when the process has ended, which its parent, we, need not collect to see.
        try waitUntil("\(pid) has left its core file", every: 10_000) {
            let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let state = stat?.split(separator: ")").last?.split(separator: " ").first
            return state == nil || state == "Z"
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return path + "/" + (try #require(names.first { $0.contains("core") }))
    }

    /// The core file that gdb makes.
    func coreOfGDB(of pid: Int32) throws -> String {
        // Its symbols are of no use here, and take it long to read.
        // Threads of a pool block signals, and gdb waits for ever for a SIGCHLD that is blocked.
        var gdb = try ChildProcess(
            "/usr/bin/gdb",
            [
                "-batch", "-nx", "-iex", "set auto-solib-add off", "-p", "\(pid)",
                "-ex", "gcore \(path)/gcore",
            ])
        _ = gdb.readAll()
        return path + "/gcore"
    }
}
