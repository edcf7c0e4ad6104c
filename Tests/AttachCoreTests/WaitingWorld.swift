import AttachReport

@testable import AttachCore

/// A process whose threads wait, made word by word.
struct WaitingWorld {
    /// Its memory.
    var memory = MemoryBuilder()
    /// The threads beside the one that waits, which has the id `waiter`.
    var others: [CapturedThread] = [thread(21), thread(22)]
    var clocks: ClockReadings? = ClockReadings(
        realtime: 1_000_000_000_000, monotonic: 500_000_000_000, boottime: 600_000_000_000)
    var namespacePIDs: [Int32] = []
    var waiter = thread(20)
    var gaps: [Gap] = []
    var descriptors: [Int32: OpenDescriptor] = [:]
    /// Where objects of libdispatch have their types.
    static let types: UInt64 = 0x7000_0000

    static func thread(_ id: Int32, namespaceID: Int32? = nil) -> CapturedThread {
        CapturedThread(
            id: id, namespaceID: namespaceID, name: "", state: .sleeping, registers: nil,
            systemCall: nil)
    }

    /// Frames with these symbols, in the C library unless they say `name@image`.
    static func frames(_ symbols: [String?]) -> [Frame] {
        symbols.enumerated().map { index, symbol in
            let parts = symbol?.split(separator: "@") ?? []
            return Frame(
                kind: index == 0 ? .programCounter : .returnAddress,
                symbol: parts.first.map(String.init),
                image: parts.count > 1 ? String(parts[1]) : "libc.so.6")
        }
    }

    /// What the waiter waits for in a call with these arguments.
    func wait(_ name: String, _ arguments: [UInt64], _ symbols: String?...) -> ThreadWait? {
        var waiter = waiter
        let padded = arguments + Array(repeating: 0, count: max(6 - arguments.count, 0))
        waiter.systemCall = SystemCall(number: 202, name: name, arguments: padded)
        let memory = memory.memory()
        let capture = Capture(
            architecture: .x86_64,
            process: ProcessRecord(pid: 20, name: "", namespacePIDs: namespacePIDs),
            record: CaptureRecord(timeNanoseconds: 0, pauseNanoseconds: 0, bytes: 0),
            mappings: [Self.library], threads: [waiter] + others, memory: memory,
            files: [MappedFile(path: "/lib/libdispatch.so", device: 1, inode: 1, file: nil)],
            gaps: gaps, clocks: clocks, descriptors: descriptors)
        let reader = ThreadWaitReader(
            Target(capture, images: ImageTable(capture: capture)))
        return reader.read(waiter, frames: Self.frames(symbols), runsTask: false)
    }

    /// An image that cannot be read, for objects to have their types in.
    static let library = Mapping(
        start: types, end: types + 0x10000, isReadable: true, isWritable: true, isExecutable: true,
        isShared: false, fileOffset: 0, device: 1, inode: 1, path: "/lib/libdispatch.so")

    /// A mutex at an address.
    mutating func putMutex(_ address: UInt64, word: UInt32, owner: UInt32, kind: UInt32) {
        memory.put(address, 0, 0, 0, 0, 0)
        memory.put32(address, word)
        memory.put32(address + 8, owner)
        memory.put32(address + 16, kind)
    }

    /// A read-write lock at an address.
    mutating func putReadWriteLock(_ address: UInt64, writer: UInt32, shared: UInt32 = 0) {
        memory.put(address, 0, 0, 0, 0, 0, 0, 0)
        memory.put32(address + 24, writer)
        memory.put32(address + 28, shared)
    }
}
