import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// A capture that was written as a core file and read again, and what debuggers say of the file.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct CoreWriterTests {
    @Test(arguments: [
        ("Bank", Fixture.Mode.release, []), ("Waits", .debug, []), ("Locks", .release, []),
        ("Structure", .static, []), ("Structure", .stripped, []), ("Isolation", .release, []),
        ("Actors", .stripped, []), ("Continuations", .release, []), ("Many", .release, ["2000"]),
        ("Verdict", .release, ["cont-epoll"]),
    ])
    func whatIsReadBackIsTheSame(
        name: String, mode: Fixture.Mode, arguments: [String]
    ) throws {
        let folder = try CoreFolder()
        let fixture = try Fixture(name, mode: mode, arguments)
        let live = try LiveCapture.take(pid: fixture.pid)
        let core = try CoreReader.read(try folder.write(live))
        #expect(core.record.source == .core)
        #expect(core.clocks == live.clocks)
        #expect(core.descriptors == live.descriptors)
        #expect(core.mappings == live.mappings)
        #expect(core.kernelReferences?.words == live.kernelReferences?.words)
        #expect(core.threads.map(\.registers) == live.threads.map(\.registers))
        #expect(live.threads.allSatisfy { $0.registers?.hasVectors == true })
        #expect(core.secondLook == nil)
        let (theirs, ours) = (Self.json(live), Self.json(core))
        #expect(theirs.count > 1000)
        #expect(ours == theirs, "\(Self.difference(ours, theirs))")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/gdb")))
    func gdbSeesTheSameFrames() throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Bank", mode: .release)
        let live = try LiveCapture.take(pid: fixture.pid)
        let core = try folder.write(live)
        let program = try #require(live.process.executable)
        let output = try CoreFolder.output(
            of: "/usr/bin/gdb",
            [
                "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "thread apply all bt",
                program, core,
            ])
        let snapshot = try CoreFileLiveTests.snapshot(of: live)
        var compared = 0
        // As gdb has it: "Thread 2 (LWP 4250):", then "#0  0x… in read (…", and the next.
        let parts = output.components(separatedBy: "\nThread ").dropFirst()
        #expect(parts.count == snapshot.threads.count)
        for thread in snapshot.threads {
            let part = try #require(parts.first { $0.contains("(LWP \(thread.id))") })
            for frame in thread.frames where frame.kind == .returnAddress {
                guard let address = frame.address, frame.folding == nil else { continue }
                let digits = String(address.value, radix: 16)
                #expect(part.contains(digits), "\(thread.id): \(digits) in \(part)")
                compared += 1
            }
        }
        #expect(compared > 5)
    }

    @Test func itIsSmallAndPrivate() throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Bank", mode: .release)
        let live = try LiveCapture.take(pid: fixture.pid)
        let path = try folder.write(live)
        let size = try #require(
            FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        // The pages that were read, a page of each file, and a little for the notes.
        #expect(size < Int(live.record.bytes) + 4 << 20)
    }

    /// The report without what tells the two apart.
    static func json(_ capture: Capture) -> String {
        var assembler = SnapshotAssembler(capture)
        var snapshot = assembler.snapshot()
        snapshot.capture.source = .live
        snapshot.capture.pauseNanoseconds = 0
        let diagnosis = Diagnosis(of: snapshot)
        let report = Report(
            toolVersion: "0", snapshot: snapshot, edges: diagnosis.edges,
            findings: diagnosis.findings)
        var sink = ByteArraySink()
        JSONRenderer().render(report, options: RenderOptions(), into: &sink)
        return sink.text
    }

    private static func difference(_ ours: String, _ theirs: String) -> String {
        let pairs = zip(ours.split(separator: "\n"), theirs.split(separator: "\n"))
        return pairs.first { $0 != $1 }.map { "\($0) / \($1)" } ?? "length"
    }
}

/// Writes to a file.
private struct FileSink: ByteSink {
    let descriptor: Int32

    mutating func write(_ bytes: Span<UInt8>) {
        let count = unsafe bytes.withUnsafeBufferPointer {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        #expect(count == bytes.count)
    }
}

extension CoreFolder {
    /// Writes a capture as a core file.
    func write(_ capture: Capture, name: String = "captured") throws -> String {
        let file = path + "/" + name
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        var sink = FileSink(descriptor: descriptor)
        CoreWriter(capture).write(into: &sink)
        return file
    }

    /// What a program prints.
    static func output(of program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
