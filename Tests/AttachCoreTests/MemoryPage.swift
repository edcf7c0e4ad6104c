@testable import AttachCore

/// A run of bytes that stands for memory of a target.
@safe final class MemoryPage {
    /// Where it lies.
    let address: UInt64
    private let bytes: UnsafeMutableRawBufferPointer

    init(address: UInt64, bytes: [UInt8]) {
        self.address = address
        unsafe self.bytes = .allocate(byteCount: max(bytes.count, 1), alignment: 16)
        unsafe self.bytes.copyBytes(from: bytes)
        count = bytes.count
    }

    deinit { unsafe bytes.deallocate() }

    private let count: Int

    /// As a part of memory; the page must outlive it.
    var segment: TargetMemory.Segment {
        unsafe TargetMemory.Segment(
            start: address, end: address + UInt64(count), base: UnsafeRawPointer(bytes.baseAddress),
            isWritable: true, isCaptured: true)
    }

    /// Memory with nothing else in it.
    var memory: TargetMemory { TargetMemory(segments: [segment], owners: [self]) }

    /// Memory in which this page hides what lies there.
    func over(_ memory: TargetMemory) -> TargetMemory {
        self.memory.layered(over: memory.segments, owners: [MemoryKeeper(memory)])
    }
}

/// Keeps memory alive.
private final class MemoryKeeper {
    let memory: TargetMemory

    init(_ memory: TargetMemory) { self.memory = memory }
}
