import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Processes that lie: an answer always comes, soon, and within bounds.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct UnwindHostileTests {
    private let ready: UnwindOracle.Ready
    private let registers: [RegisterSet]

    init() throws {
        let fixture = try Fixture("NativeThreads", mode: .debug)
        ready = UnwindOracle.Ready(try LiveCapture.take(pid: fixture.pid))
        // The deep thread takes longer than all others.
        registers = ready.capture.threads.filter { $0.name != "deep" }.compactMap(\.registers)
    }

    /// What holds for every stack.
    private func expectSound(_ stack: NativeStack, limit: Int = 512) {
        #expect(!stack.frames.isEmpty)
        #expect(stack.frames.count <= limit)
        for (index, frame) in stack.frames.enumerated() where index > 0 {
            let address = frame.address.address
            if frame.address.kind == .returnAddress {
                #expect(ready.images.isExecutable(Address(address.value &- 1)))
            }
        }
    }

    @Test func anyRegisters() {
        var generator = SplitMix(seed: 1)
        var unwinder = Unwinder(
            memory: ready.memory, images: ready.images, architecture: .x86_64)
        let code = ready.images.images.flatMap(\.executableRanges)
        for _ in 0..<4000 {
            guard var set = registers.randomElement(using: &generator) else { return }
            for index in set.words.indices where generator.next() % 3 == 0 {
                set.words[index] = interesting(code, &generator)
            }
            expectSound(unwinder.unwind(set))
        }
    }

    private func interesting(
        _ code: [Range<UInt64>], _ generator: inout SplitMix
    ) -> UInt64 {
        switch generator.next() % 6 {
        case 0: return generator.next()
        case 1:
            return [0, 8, .max, 1 << 60, 1 << 63, 0x4000_0000_0001_0000].randomElement(
                using: &generator) ?? 0
        case 2, 3:
            return code.randomElement(using: &generator)
                .map { UInt64.random(in: $0, using: &generator) } ?? 0
        default:
            let segment = ready.memory.segments.randomElement(using: &generator)
            return segment.map { UInt64.random(in: $0.start..<$0.end, using: &generator) } ?? 0
        }
    }

    @Test func anyStacks() throws {
        var generator = SplitMix(seed: 2)
        let code = ready.images.images.flatMap(\.executableRanges)
        for _ in 0..<400 {
            let set = try #require(registers.randomElement(using: &generator))
            let start = set.stackPointer & ~0xfff
            var bytes: [UInt8] = []
            for index in 0..<2048 {
                // Often a place in code or on the same stack: that leads furthest.
                let word =
                    switch generator.next() % 4 {
                    case 0: start + UInt64(index) * 8 + generator.next() % 256
                    case 1: interesting(code, &generator)
                    default:
                        code.randomElement(using: &generator)
                            .map { UInt64.random(in: $0, using: &generator) } ?? 0
                    }
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            let memory = MemoryPage(address: start, bytes: bytes).over(ready.memory)
            var unwinder = Unwinder(memory: memory, images: ready.images, architecture: .x86_64)
            for _ in 0..<20 {
                var changed = set
                changed.words[19] = start + (generator.next() % 2048) * 8
                changed.words[4] = start + (generator.next() % 2048) * 8
                if let range = code.randomElement(using: &generator) {
                    changed.words[16] = UInt64.random(in: range, using: &generator)
                }
                expectSound(unwinder.unwind(changed, limit: 16), limit: 16)
            }
        }
    }

    /// Flipped bytes in every image's unwind information.
    @Test(arguments: [1, 30, 1000])
    func anyUnwindInformation(_ flips: Int) throws {
        var generator = SplitMix(seed: UInt64(flips))
        for round in 0..<60 {
            var memory = ready.memory
            for image in ready.images.images {
                guard let header = image.exceptionFrameHeader,
                    let segment = ready.memory.segment(at: header.lowerBound),
                    let original = ready.memory.copy(
                        Address(segment.start), count: Int(segment.end - segment.start))
                else { continue }
                var bytes = original
                // `.eh_frame` follows its header; even rounds leave the header as it is.
                let start = Int(
                    (round % 2 == 0 ? header.upperBound : header.lowerBound) - segment.start)
                let end = min(bytes.count, start + (flips < 1000 ? 3000 : bytes.count - start))
                guard start < end else { continue }
                for _ in 0..<flips {
                    let place = Int.random(in: start..<end, using: &generator)
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                memory = MemoryPage(address: segment.start, bytes: bytes).over(memory)
            }
            var unwinder = Unwinder(memory: memory, images: ready.images, architecture: .x86_64)
            for set in registers { expectSound(unwinder.unwind(set)) }
        }
    }

    /// Memory that ends at any place.
    @Test func missingMemory() {
        var generator = SplitMix(seed: 4)
        for _ in 0..<60 {
            let kept = ready.memory.segments.filter { _ in generator.next() % 4 != 0 }
            let memory = TargetMemory(segments: kept, owners: [MemoryPage(address: 0, bytes: [])])
            var unwinder = Unwinder(memory: memory, images: ready.images, architecture: .x86_64)
            for set in registers {
                let stack = unwinder.unwind(set)
                expectSound(stack)
            }
        }
    }

    @Test func anotherArchitecture() throws {
        var unwinder = Unwinder(
            memory: ready.memory, images: ready.images, architecture: .aarch64)
        let set = try #require(
            RegisterSet(architecture: .aarch64, words: [UInt64](repeating: 0x1000, count: 34)))
        let stack = unwinder.unwind(set)
        #expect(stack.frames.map(\.address.address) == [Address(0x1000)])
        #expect(stack.stoppedBecause == "there is no code at 0x1000")
    }
}
