import Foundation
import Glibc
import Testing

@testable import AttachCore

/// A core file made by hand, byte by byte.
struct CoreBuilder {
    /// One PT_LOAD segment.
    struct Load {
        var address: UInt64
        var bytes: [UInt8]
        /// In memory; nil for as many as in the file.
        var size: UInt64? = nil
        var flags: UInt32 = 6
    }

    var machine: UInt16 = 62
    var type: UInt16 = 4
    var loads: [Load] = []
    var notes: [UInt8] = []

    /// Adds a note.
    mutating func note(_ owner: String, _ type: UInt32, _ contents: [UInt8]) {
        var note = NoteWriter()
        note.put(UInt32(owner.utf8.count + 1))
        note.put(UInt32(contents.count))
        note.put(type)
        notes += note.bytes + Self.padded(Array(owner.utf8) + [0]) + Self.padded(contents)
    }

    /// Adds a thread (NT_PRSTATUS).
    mutating func thread(_ id: Int32, words: [UInt64]) {
        var note = NoteWriter()
        for _ in 0..<8 { note.put(UInt32(0)) }
        note.put(id)
        for _ in 0..<19 { note.put(UInt32(0)) }
        for word in words { note.put(word) }
        note.put(UInt64(0))
        self.note("CORE", 1, note.bytes)
    }

    /// Adds the list of files (NT_FILE), offsets in pages.
    mutating func files(_ list: [(start: UInt64, end: UInt64, page: UInt64, path: String)]) {
        var note = NoteWriter()
        note.put(UInt64(list.count))
        note.put(UInt64(4096))
        for entry in list {
            for word in [entry.start, entry.end, entry.page] { note.put(word) }
        }
        self.note("CORE", 0x4649_4c45, note.bytes + list.flatMap { Array($0.path.utf8) + [0] })
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    /// The file.
    var bytes: [UInt8] {
        var file = NoteWriter()
        for byte: UInt8 in [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] {
            file.put(byte)
        }
        file.put(type)
        file.put(machine)
        file.put(UInt32(1))
        for word: UInt64 in [0, 64, 0] { file.put(word) }
        file.put(UInt32(0))
        for word in [64, 56, UInt16(loads.count + 1), 0, 0, 0] { file.put(word) }
        var offset = UInt64(64 + 56 * (loads.count + 1))
        file.put(UInt32(4))
        file.put(UInt32(0))
        for word in [offset, 0, 0, UInt64(notes.count), 0, 4] { file.put(word) }
        offset += UInt64(notes.count)
        for load in loads {
            let size = UInt64(load.bytes.count)
            file.put(UInt32(1))
            file.put(load.flags)
            for word in [offset, load.address, 0, size, load.size ?? size, 1] { file.put(word) }
            offset += size
        }
        return file.bytes + notes + loads.flatMap(\.bytes)
    }

    /// A small but whole one: a thread with a stack, of a CPU of this kind.
    static func simple(_ architecture: Architecture = .x86_64) -> CoreBuilder {
        var core = CoreBuilder(machine: architecture.elfMachine)
        var words = [UInt64](repeating: 0, count: architecture.registerCount)
        words[architecture.stackPointerIndex] = 0x7000_0100
        words[architecture.framePointerIndex] = 0x7000_0180
        words[architecture.programCounterIndex] = 0x40_0010
        core.thread(77, words: words)
        core.thread(78, words: words)
        var information = [UInt8](repeating: 0, count: 136)
        information[24] = 77
        information.replaceSubrange(40..<44, with: Array("mine".utf8))
        core.note("CORE", 3, information)
        core.loads = [
            Load(
                address: 0x40_0000, bytes: [UInt8](repeating: 0x90, count: 4096), size: 8192,
                flags: 5),
            Load(address: 0x7000_0000, bytes: (0..<4096).map { UInt8($0 & 7) }),
            Load(address: 0x7000_1000, bytes: [], size: 4096),
        ]
        core.files([(0x40_0000, 0x40_2000, 0, "/there/is/no/such/program")])
        return core
    }
}

extension CoreFolder {
    /// Puts bytes into a file here and reads it as a core file.
    func read(
        _ bytes: [UInt8], options: CoreFileOptions = CoreFileOptions()
    ) throws(CoreFileError) -> Capture {
        let file = path + "/made"
        unsafe unlink(file)
        let made = FileManager.default.createFile(atPath: file, contents: Data(bytes))
        #expect(made)
        return try CoreReader.read(file, options: options)
    }
}
