import AttachReport
import Testing

@testable import AttachCore

/// Which stacks are known to be glibc's, and which of them belong to threads that have ended.
struct ThreadStackTests {
    private static let area: UInt64 = 0x7f00_0000_0000
    private static let stackSize: UInt64 = 0x10000
    private static let guards: UInt64 = 0x1000
    /// As in glibc 2.36: the thread's id, and `stackblock`.
    private static let tid: UInt64 = 720
    private static let stackBlock: UInt64 = 0x690

    /// Stacks side by side, as the kernel joins them where guard pages are missing.
    private struct World {
        var memory = MemoryBuilder()
        var threads: [CapturedThread] = []

        func block(_ number: UInt64) -> UInt64 { area + number * stackSize }
        func descriptor(_ number: UInt64) -> UInt64 { block(number) + stackSize - 0x1000 }

        /// What `pthread_create` leaves at the end of a stack.
        mutating func makeStack(_ number: UInt64, id: Int32, guards: UInt64 = guards) {
            let place = descriptor(number)
            for offset in stride(from: UInt64(0), to: 0xa80, by: 8) {
                memory.put(place + offset, 0)
            }
            memory.put(place, place, 0, place)
            memory.put32(place + tid, UInt32(bitPattern: id))
            memory.put(place + stackBlock, block(number), stackSize, guards, guards)
        }

        mutating func run(_ id: Int32, on number: UInt64, descriptor: UInt64? = nil) {
            var words = [UInt64](repeating: 0, count: 27)
            words[19] = block(number) + 0x8000
            words[21] = descriptor ?? self.descriptor(number)
            threads.append(
                CapturedThread(
                    id: id, namespaceID: nil, name: "", state: .sleeping,
                    registers: RegisterSet(architecture: .x86_64, words: words), systemCall: nil))
        }

        func descriptors(_ mappings: [Mapping]? = nil) -> [ThreadDescriptors.Descriptor] {
            let all = Mapping(
                start: area, end: area + 0x100000, isReadable: true, isWritable: true,
                isExecutable: false, isShared: false, fileOffset: 0, device: 0, inode: 0, path: "")
            let memory = memory.memory()
            let capture = Capture(
                architecture: .x86_64, process: ProcessRecord(pid: 101, name: "x"),
                record: CaptureRecord(timeNanoseconds: 0, pauseNanoseconds: 0, bytes: 0),
                mappings: mappings ?? [all], threads: threads, memory: memory, files: [], gaps: [])
            return ThreadDescriptors(capture: capture, memory: memory, heap: HeapMap()).all
        }
    }

    private func twoLiving() -> World {
        var world = World()
        for (number, id) in [(UInt64(0), Int32(101)), (1, 102)] {
            world.makeStack(number, id: id)
            world.run(id, on: number)
        }
        return world
    }

    @Test func aStackOfAThreadThatHasEnded() {
        var world = twoLiving()
        world.makeStack(2, id: 0)
        let found = world.descriptors()
        #expect(found.count == 3)
        #expect(found.filter { $0.thread == nil }.map(\.address) == [world.descriptor(2)])
        #expect(
            found.last?.stack == world.block(2) + Self.guards..<world.descriptor(2))
    }

    /// Each of these may hold what somebody still uses.
    @Test func whatIsNotProvenIsInUse() {
        // The id of a thread that was not captured; a stack that the program made itself.
        for (id, guards) in [(Int32(103), Self.guards), (0, 0)] {
            var world = twoLiving()
            world.makeStack(2, id: id, guards: guards)
            #expect(world.descriptors().count == 2)
        }
        // Only one of the two words that name the descriptor itself.
        for offset in [UInt64(0), 16] {
            var world = twoLiving()
            world.makeStack(2, id: 0)
            world.memory.put(world.descriptor(2) + offset, 0)
            #expect(world.descriptors().count == 2)
        }
        // A thread stands on it, whoever's it was.
        var world = twoLiving()
        world.makeStack(2, id: 0)
        world.run(104, on: 2, descriptor: world.descriptor(1) + 0x40)
        #expect(world.descriptors().allSatisfy { $0.thread != nil })
        // The memory is a file's, or not all of it is there.
        world = twoLiving()
        world.makeStack(2, id: 0)
        let half = Mapping(
            start: Self.area, end: world.block(2) + 0x8000, isReadable: true, isWritable: true,
            isExecutable: false, isShared: false, fileOffset: 0, device: 0, inode: 0, path: "")
        #expect(world.descriptors([half]).count == 2)
    }

    /// Where no living thread tells where the id is, nothing tells that it was cleared.
    @Test func withoutLivingThreads() {
        var world = World()
        world.makeStack(0, id: 0)
        #expect(world.descriptors().isEmpty)
        // Nor where the ids of threads are not those that they had themselves.
        world.makeStack(1, id: 102)
        world.run(7, on: 1)
        #expect(world.descriptors().count == 1)
    }

    /// A pointer is found at every byte of a vector register, and across two words.
    @Test(arguments: 0..<24)
    func vectorRegisters(offset: Int) {
        var memory = MemoryBuilder()
        let start: UInt64 = 0x5555_0000_0000
        for address in stride(from: start, to: start + 0x1000, by: 8) { memory.put(address, 0) }
        memory.put(start + 8, 0x21)
        memory.put(start + 0x28, 0xfe1)
        let heap = Mapping(
            start: start, end: start + 0x1000, isReadable: true, isWritable: true,
            isExecutable: false, isShared: false, fileOffset: 0, device: 0, inode: 0,
            path: "[heap]")
        let target = memory.memory()
        var reach = Reachability(GlibcHeap(mappings: [heap], memory: target).map, target)
        let isWatched = reach.watch(start + 16)
        #expect(isWatched)
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in 0..<8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: (start + 16) >> (UInt64(index) * 8))
        }
        let words = (0..<4).map { word in
            (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[word * 8 + $1]) }
        }
        var found = false
        reach.add(vectors: words, ofThread: 1) { target, _, _ in
            found = found || target == start + 16
            return .follow
        }
        #expect(found)
    }
}
