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
    /// The file that it is, where another process of ours is to read it.
    let file: OpenFile?

    /// Reserves `capacity` bytes and touches the first `prefault` of them.
    ///
    /// - Parameter isShared: Whether it is to be a file, so that it can be given to another process.
    init(capacity: Int, prefault: Int, isShared: Bool = false) throws(AttachError) {
        let size = max(capacity, 1 << 16)
        if isShared {
            let descriptor = unsafe cl_memory_file("asyncattach", UInt64(size))
            guard descriptor >= 0 else {
                throw .system(what: "make a file in memory", errno: -descriptor)
            }
            file = OpenFile(adopting: descriptor)
        } else {
            file = nil
        }
        let kind = isShared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS
        let memory = unsafe mmap(
            nil, size, PROT_READ | PROT_WRITE, kind | MAP_NORESERVE, file?.descriptor ?? -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw .system(what: "reserve \(size) bytes of memory", errno: errno)
        }
        unsafe base = memory
        self.capacity = size
        if prefault > 0 { unsafe cl_prefault(memory, min(prefault, size)) }
    }

    /// The first bytes of an arena that another process has filled, to be read; nil where the file
    /// does not hold so many.
    init?(reading file: OpenFile, bytes: Int) {
        var status = stat()
        guard bytes > 0, unsafe fstat(file.descriptor, &status) == 0, bytes <= status.st_size,
            let memory = unsafe mmap(nil, bytes, PROT_READ, MAP_SHARED, file.descriptor, 0),
            unsafe memory != MAP_FAILED
        else { return nil }
        unsafe base = memory
        capacity = bytes
        used = bytes
        self.file = file
    }

    deinit { unsafe munmap(base, capacity) }

    /// Where in it the bytes of a segment lie; nil where they lie elsewhere.
    func place(of segment: TargetMemory.Segment) -> UInt64? {
        let offset: Int? =
            segment.withBytes { bytes in
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe buffer.baseAddress.map { unsafe $0 - UnsafeRawPointer(base) }
                }
            } ?? nil
        return offset.flatMap { (0..<used).contains($0) ? UInt64($0) : nil }
    }

    /// A segment of target memory whose bytes lie at a place in it; nil where not all of them do.
    func segment(
        _ range: Range<UInt64>, at place: UInt64, isWritable: Bool, isCaptured: Bool
    ) -> TargetMemory.Segment? {
        let size = range.upperBound - range.lowerBound
        guard place <= UInt64(used), size <= UInt64(used) - place else { return nil }
        return unsafe TargetMemory.Segment(
            start: range.lowerBound, end: range.upperBound,
            base: UnsafeRawPointer(base + Int(place)), isWritable: isWritable,
            isCaptured: isCaptured)
    }

    /// Bytes still free.
    var remaining: Int { capacity - used }

    /// Copies ranges out of a process, as many to a system call as it takes.
    ///
    /// Adds a segment for everything that could be read, and the range for what could not.
    ///
    /// - Parameter isProtected: Whether the process itself may not read it at the moment.
    func copy(
        _ ranges: ArraySlice<Range<UInt64>>, of thread: Int32, isWritable: Bool,
        isProtected: Bool = false, into segments: inout [TargetMemory.Segment],
        unreadable: inout [Range<UInt64>]
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
                    batch, remote, of: thread, isWritable: isWritable, isProtected: isProtected,
                    into: &segments,
                    unreadable: &unreadable)
                batch.removeAll(keepingCapacity: true)
                unsafe remote.removeAll(keepingCapacity: true)
                bytes = 0
            }
        }
        unsafe read(
            batch, remote, of: thread, isWritable: isWritable, isProtected: isProtected,
            into: &segments,
            unreadable: &unreadable)
    }

    private func read(
        _ wanted: [Range<UInt64>], _ vectors: [iovec], of thread: Int32, isWritable: Bool,
        isProtected: Bool, into segments: inout [TargetMemory.Segment],
        unreadable: inout [Range<UInt64>]
    ) {
        var ranges = wanted[...]
        var remote = unsafe vectors[...]
        while let range = ranges.first {
            let size = min(ranges.reduce(0) { $0 + $1.count }, remaining)
            var local = unsafe iovec(iov_base: base + used, iov_len: size)
            let result = unsafe remote.withUnsafeBufferPointer { vectors -> Int in
                guard let first = vectors.baseAddress else { return 0 }
                let read = unsafe isProtected ? cl_read_protected_memory : cl_read_memory
                return unsafe read(thread, &local, first, UInt(vectors.count))
            }
            guard result > 0 else {
                // A process that has ended, or no room: the rest would come to nothing as well.
                guard result == -Int(EFAULT) else {
                    for range in ranges { Self.note(range, in: &unreadable) }
                    return
                }
                // The first page cannot be read; those behind it may well be.
                let page = UInt64(TargetMemory.smallestPage)
                let end = min(range.upperBound, (range.lowerBound | (page - 1)) &+ 1)
                Self.note(range.lowerBound..<end, in: &unreadable)
                unsafe Self.drop(end - range.lowerBound, from: &ranges, &remote)
                continue
            }
            var got = UInt64(result)
            while let range = ranges.first, got > 0 {
                let length = min(got, UInt64(range.count))
                unsafe segments.append(
                    TargetMemory.Segment(
                        start: range.lowerBound, end: range.lowerBound + length,
                        base: UnsafeRawPointer(base + used), isWritable: isWritable,
                        isCaptured: true))
                used += Int(length)
                got -= length
                unsafe Self.drop(length, from: &ranges, &remote)
            }
            used = min((used + 15) & ~15, capacity)
        }
    }

    /// Takes so many bytes from the front of the first range.
    private static func drop(
        _ count: UInt64, from ranges: inout ArraySlice<Range<UInt64>>,
        _ remote: inout ArraySlice<iovec>
    ) {
        guard let range = ranges.first else { return }
        guard count < UInt64(range.count) else {
            ranges.removeFirst()
            unsafe remote.removeFirst()
            return
        }
        let start = range.lowerBound + count
        ranges[ranges.startIndex] = start..<range.upperBound
        unsafe remote[remote.startIndex] = unsafe iovec(
            iov_base: UnsafeMutableRawPointer(bitPattern: UInt(start)),
            iov_len: range.count - Int(count))
    }

    /// Adds a range, joined to the last one where they touch.
    private static func note(_ range: Range<UInt64>, in unreadable: inout [Range<UInt64>]) {
        if let last = unreadable.last, last.upperBound == range.lowerBound {
            unreadable[unreadable.count - 1] = last.lowerBound..<range.upperBound
        } else {
            unreadable.append(range)
        }
    }
}
