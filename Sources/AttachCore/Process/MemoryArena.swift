import CLinux
import Glibc

/// A stretch of our own memory that receives the target's bytes.
///
/// It is allocated and touched before the target is stopped, so that no page fault of ours falls
/// into the pause. Memory beyond what was touched is only reserved.
@safe final class MemoryArena: @unchecked Sendable {
    /// The most ranges that one process_vm_readv(2) takes.
    private static let largestVector = 1024  // IOV_MAX, limits.h

    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var used = 0

    /// Reserves `capacity` bytes and touches the first `prefault` of them.
    init(capacity: Int, prefault: Int) throws(AttachError) {
        let size = max(capacity, 1 << 16)
        let memory = unsafe mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw .system(what: "reserve \(size) bytes of memory", errno: errno)
        }
        unsafe base = memory
        self.capacity = size
        if prefault > 0 { unsafe cl_prefault(memory, min(prefault, size)) }
    }

    deinit { unsafe munmap(base, capacity) }

    /// Bytes still free.
    var remaining: Int { capacity - used }

    /// Copies ranges out of a process, as many to a system call as it takes.
    ///
    /// Adds a segment for everything that could be read, and the range for what could not.
    func copy(
        _ ranges: ArraySlice<Range<UInt64>>, of thread: Int32, isWritable: Bool,
        into segments: inout [TargetMemory.Segment], unreadable: inout [Range<UInt64>]
    ) {
        var remote: [iovec] = unsafe []
        var batch: [Range<UInt64>] = []
        var bytes = 0
        let largestBatch = 8 << 20
        for range in ranges {
            guard range.count <= remaining - bytes else {
                unreadable.append(range)
                continue
            }
            batch.append(range)
            unsafe remote.append(
                iovec(
                    iov_base: UnsafeMutableRawPointer(bitPattern: UInt(range.lowerBound)),
                    iov_len: range.count))
            bytes += range.count
            if batch.count == Self.largestVector || bytes >= largestBatch {
                unsafe read(
                    batch, remote, of: thread, isWritable: isWritable, into: &segments,
                    unreadable: &unreadable)
                batch.removeAll(keepingCapacity: true)
                unsafe remote.removeAll(keepingCapacity: true)
                bytes = 0
            }
        }
        unsafe read(
            batch, remote, of: thread, isWritable: isWritable, into: &segments,
            unreadable: &unreadable)
    }

    private func read(
        _ ranges: [Range<UInt64>], _ remote: [iovec], of thread: Int32, isWritable: Bool,
        into segments: inout [TargetMemory.Segment], unreadable: inout [Range<UInt64>]
    ) {
        var index = 0
        while index < ranges.count {
            let wanted = ranges[index...].reduce(0) { $0 + $1.count }
            var local = unsafe iovec(iov_base: base + used, iov_len: wanted)
            let result = unsafe remote[index...].withUnsafeBufferPointer { vectors -> Int in
                guard let first = vectors.baseAddress else { return 0 }
                return unsafe cl_read_memory(
                    thread, &local, 1, first, UInt(vectors.count))
            }
            guard result > 0 else {
                // Nothing at all of the next range: note it and go on behind it.
                unreadable.append(ranges[index])
                index += 1
                continue
            }
            var got = UInt64(result)
            while index < ranges.count, got > 0 {
                let range = ranges[index]
                let length = min(got, UInt64(range.count))
                unsafe segments.append(
                    TargetMemory.Segment(
                        start: range.lowerBound, end: range.lowerBound + length,
                        base: UnsafeRawPointer(base + used), isWritable: isWritable,
                        isCaptured: true))
                used += Int(length)
                got -= length
                if length < UInt64(range.count) {
                    unreadable.append(range.lowerBound + length..<range.upperBound)
                }
                index += 1
            }
            used = min((used + 15) & ~15, capacity)
        }
    }
}
