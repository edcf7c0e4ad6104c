import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Core files made by hand: odd, torn and hostile ones.
@Suite struct CoreFileHostileTests {
    @Test func aSmallOneIsRead() throws {
        let folder = try CoreFolder()
        let capture = try folder.read(CoreBuilder.simple().bytes)
        #expect(capture.threads.map(\.id) == [77, 78])
        #expect(capture.threads.allSatisfy { $0.registers?.programCounter == 0x40_0010 })
        #expect(capture.process.pid == 77 && capture.process.name == "mine")
        #expect(capture.memory.word(Address(0x7000_0000)) == 0x0706_0504_0302_0100)
        // What is not in the file is missing, not zero.
        #expect(capture.memory.word(Address(0x40_1000)) == nil)
        #expect(capture.memory.word(Address(0x7000_1000)) == nil)
        #expect(capture.gaps.contains { $0.subject == .memory && $0.bytes == 4096 })
        #expect(capture.gaps.contains { $0.subject == .file("/there/is/no/such/program") })
        let snapshot = try CoreFileLiveTests.snapshot(of: capture)
        #expect(snapshot.threads.allSatisfy { $0.frames.first?.image == "program" })
        #expect(snapshot.tasks.isEmpty)
    }

    @Test func oneOfAnotherArchitectureIsRead() throws {
        let folder = try CoreFolder()
        var core = CoreBuilder.simple(.aarch64)
        core.note("LINUX", 0x401, [0, 0x10, 0, 0x70, 0, 0, 0, 0])
        let capture = try folder.read(core.bytes)
        #expect(capture.architecture == .aarch64)
        #expect(capture.threads.map(\.state) == [.unknown, .unknown])
        // The note behind the last thread is that thread's.
        #expect(capture.threads.map { $0.registers?.threadPointer } == [nil, 0x7000_1000])
        let snapshot = try CoreFileLiveTests.snapshot(of: capture)
        #expect(snapshot.threads.count == 2)
        core.machine = 40
        #expect(
            throws: CoreFileError.notSupported(path: folder.path + "/made", what: "of CPU type 40")
        ) {
            try folder.read(core.bytes)
        }
    }

    @Test func whatIsNoCoreFileIsRefused() throws {
        let folder = try CoreFolder()
        var program = CoreBuilder.simple()
        program.type = 3
        for bytes in [
            [], Array("#!/bin/sh\n".utf8), program.bytes, [UInt8](repeating: 0, count: 64),
        ] {
            do throws(CoreFileError) {
                _ = try folder.read(bytes)
                Issue.record("read \(bytes.count) bytes of nothing")
            } catch {
                guard case .notACore = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        #expect(throws: CoreFileError.file(path: "/no/such/file", errno: ENOENT)) {
            try CoreReader.read("/no/such/file")
        }
        #expect(throws: CoreFileError.notACore(path: "/dev", what: "a folder")) {
            try CoreReader.read("/dev")
        }
    }

    @Test func cutAnywhereItGivesWhatIsLeft() throws {
        let folder = try CoreFolder()
        let whole = CoreBuilder.simple().bytes
        var captures = 0
        let lengths = Array(0...900) + stride(from: 901, to: whole.count, by: 97)
        for length in lengths {
            guard let capture = try? folder.read(Array(whole.prefix(length))) else { continue }
            captures += 1
            #expect(capture.gaps.contains { $0.reason == .shortRead }, "\(length)")
            if captures % 16 == 0 { _ = try CoreFileLiveTests.snapshot(of: capture) }
        }
        #expect(captures > 50)
    }

    @Test func aBitTurnedAnywhereDoesNoHarm() throws {
        let folder = try CoreFolder()
        var core = CoreBuilder.simple()
        let own = try #require(try? CaptureNote(capture(in: folder)).bytes)
        core.note(CaptureNote.owner, CaptureNote.type, own)
        let whole = core.bytes
        let end = whole.count - 2 * 4096
        for (number, place) in stride(from: 4, to: end, by: 3).enumerated() {
            var bytes = whole
            bytes[place] = number % 3 == 0 ? 0xff : bytes[place] ^ (1 << UInt8(number % 8))
            guard let capture = try? folder.read(bytes) else { continue }
            var end: UInt64 = 0
            for segment in capture.memory.segments {
                #expect(segment.start >= end && segment.start < segment.end)
                end = segment.end
            }
            if number % 16 == 0 { _ = try CoreFileLiveTests.snapshot(of: capture) }
        }
    }

    @Test func ourOwnNoteIsNotTrustedEither() throws {
        let folder = try CoreFolder()
        var note = CaptureNote(try capture(in: folder))
        note.record.bytes = .max
        note.runs = [
            .init(start: 0, end: 1 << 63, isWritable: true, isCaptured: true, isZero: true),
            .init(start: 1 << 63, end: .max, isWritable: true, isCaptured: true, isZero: false),
        ]
        var core = CoreBuilder.simple()
        core.note(CaptureNote.owner, CaptureNote.type, note.bytes)
        let huge = try folder.read(core.bytes)
        #expect(huge.record.bytes <= core.bytes.count)
        #expect(huge.mappedBytes == core.bytes.count)
        _ = try CoreFileLiveTests.snapshot(of: huge)

        // What is out of order is no note of ours.
        note.runs.reverse()
        core = CoreBuilder.simple()
        core.note(CaptureNote.owner, CaptureNote.type, note.bytes)
        let odd = try folder.read(core.bytes)
        #expect(odd.gaps.contains { $0.subject == .captureNote })
        #expect(odd.memory.word(Address(0x7000_0000)) != nil)
    }

    private func capture(in folder: borrowing CoreFolder) throws -> Capture {
        try folder.read(CoreBuilder.simple().bytes)
    }

    @Test func overlapsAndWrapsAreGaps() throws {
        let folder = try CoreFolder()
        var core = CoreBuilder.simple()
        core.loads.append(.init(address: 0x7000_0800, bytes: [UInt8](repeating: 9, count: 4096)))
        core.loads.append(.init(address: .max - 100, bytes: [1, 2, 3], size: 4096))
        core.loads.append(.init(address: 0x10_0000, bytes: [], size: .max - 0x10_0000))
        let capture = try folder.read(core.bytes)
        #expect(capture.gaps.contains { $0.reason == .inconsistent && $0.subject == .memory })
        // The first to claim an address has it.
        #expect(capture.memory.load(Address(0x7000_0800), as: UInt8.self) != 9)
        _ = try CoreFileLiveTests.snapshot(of: capture)
    }

    @Test func notesThatLieAreGaps() throws {
        let folder = try CoreFolder()
        var core = CoreBuilder.simple()
        core.notes.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0xff])
        #expect(throws: CoreFileError.self) { try folder.read(core.bytes) }

        core = CoreBuilder.simple()
        core.thread(77, words: [UInt64](repeating: 1, count: 27))
        core.note("CORE", 1, [1, 2, 3])
        core.note("CORE", 0x4649_4c45, [UInt8](repeating: 0xff, count: 64))
        core.notes += [0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]
        let capture = try folder.read(core.bytes)
        #expect(capture.threads.count == 2)
        #expect(capture.gaps.filter { $0.subject == .threads }.count == 2)
    }

    @Test func aListOfFilesThatLiesIsAGap() throws {
        let folder = try CoreFolder()
        for count: UInt64 in [.max, 1 << 62, 1 << 18, 3] {
            var core = CoreBuilder.simple()
            core.notes.removeAll()
            core.thread(5, words: [UInt64](repeating: 0, count: 27))
            var note = NoteWriter()
            for word in [count, 4096, 0x40_0000, 0x40_1000, .max] { note.put(word) }
            core.note("CORE", 0x4649_4c45, note.bytes + [0x2f, 0])
            let capture = try folder.read(core.bytes)
            #expect(capture.gaps.contains { $0.subject == .mappedFiles }, "\(count)")
        }
    }

    @Test func anotherFileOfTheSameNameIsNotUsed() throws {
        let folder = try CoreFolder()
        let program = "/proc/self/exe"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: program)).prefix(4096)
        var core = CoreBuilder.simple()
        // The beginning of one program, said to be another's.
        core.loads[0].bytes = Array(bytes)
        core.notes.removeAll()
        core.thread(5, words: [UInt64](repeating: 0, count: 27))
        core.files([(0x40_0000, 0x40_2000, 0, "/bin/sh")])
        let wrong = try folder.read(core.bytes)
        #expect(wrong.files.map { $0.file == nil } == [true])
        #expect(wrong.gaps.contains { $0.detail?.contains("is another one") == true })
        // Nothing of it there: nothing proves that it is the one.
        core.loads[0].bytes = []
        core.loads[0].size = 8192
        let unknown = try folder.read(core.bytes)
        #expect(unknown.files.map { $0.file == nil } == [true])
        #expect(unknown.gaps.contains { $0.detail?.contains("does not hold what") == true })
        let given = try folder.read(core.bytes, options: CoreFileOptions(sysroot: "/"))
        #expect(given.files.map { $0.file == nil } == [false])
        #expect(given.gaps.contains { $0.detail?.contains("because it was given") == true })
    }

    @Test func filesOfADeviceOrAPipeAreNotOpened() throws {
        let folder = try CoreFolder()
        let pipe = folder.path + "/pipe"
        let made = unsafe mkfifo(pipe, 0o600)
        #expect(made == 0)
        var core = CoreBuilder.simple()
        core.notes.removeAll()
        core.thread(5, words: [UInt64](repeating: 0, count: 27))
        core.files([(0x40_0000, 0x40_1000, 0, pipe), (0x40_1000, 0x40_2000, 0, "/dev/zero")])
        let capture = try folder.read(core.bytes)
        #expect(capture.files.count == 2 && capture.files.allSatisfy { $0.file == nil })
    }

    @Test(arguments: ["zstd", "lz4", "xz"])
    func aCompressedOneIsTheSame(program: String) throws {
        let folder = try CoreFolder()
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)") else { return }
        var core = CoreBuilder.simple()
        core.loads.append(
            .init(address: 0x8000_0000, bytes: [UInt8](repeating: 0, count: 3 << 20)))
        core.loads.append(.init(address: 0x9000_0000, bytes: (0..<99_999).map { UInt8($0 % 251) }))
        let plain = try folder.read(core.bytes)
        let made = folder.path + "/made"
        let name = made + (["zstd": ".zst", "lz4": ".lz4"][program] ?? ".xz")
        let status = try CoreFolder.run(
            "/usr/bin/\(program)",
            program == "lz4" ? ["-q", "-f", made, name] : ["-q", "-k", "-f", made])
        #expect(status == 0)
        let capture = try CoreReader.read(name)
        #expect(capture.gaps == plain.gaps)
        #expect(capture.threads.map(\.id) == [77, 78])
        for address: UInt64 in [0x7000_0000, 0x8010_0000, 0x9000_0000 + 99_990] {
            #expect(capture.memory.word(Address(address)) == plain.memory.word(Address(address)))
        }
        // Zeroes take no room.
        #expect(capture.record.bytes < plain.record.bytes)

        let whole = try Data(contentsOf: URL(fileURLWithPath: name))
        for length in [whole.count - 200, whole.count / 2] {
            try whole.prefix(length).write(to: URL(fileURLWithPath: name))
            if let cut = try? CoreReader.read(name) {
                #expect(cut.gaps.contains { $0.subject == .coreFile && $0.reason == .shortRead })
            }
        }
        try (whole.prefix(6) + Data([UInt8](repeating: 0xa5, count: 500)))
            .write(to: URL(fileURLWithPath: name))
        #expect(throws: CoreFileError.damaged(path: name, what: "it cannot be decompressed")) {
            try CoreReader.read(name)
        }
    }
}
