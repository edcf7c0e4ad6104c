import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Processes that lie: an answer always comes, soon, and within bounds.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct UnwindHostileTests {
    /// A process to be made to lie: a live one, and one of aarch64 in a core file.
    private struct Subject {
        let architecture: Architecture
        let ready: UnwindOracle.Ready
        let registers: [RegisterSet]

        init(_ architecture: Architecture) throws {
            self.architecture = architecture
            switch architecture {
            case .x86_64:
                let fixture = try Fixture("NativeThreads", mode: .debug)
                ready = UnwindOracle.Ready(try LiveCapture.take(pid: fixture.pid))
            case .aarch64:
                ready = UnwindOracle.Ready(
                    try RecordedCore("aarch64-NativeThreads", .aarch64).capture)
            }
            // Stacks as deep as one of them take longer than all others.
            let stacks = ready.stacks()
            registers = ready.capture.threads.filter { stacks[$0.id]?.frames.count ?? 0 < 1000 }
                .compactMap(\.registers)
        }

        func unwinder(_ memory: TargetMemory) -> Unwinder {
            Unwinder(
                Target(
                    ready.target.capture, images: ready.target.images, memory: memory,
                    code: ready.target.code))
        }
    }

    private static let architectures = [Architecture.x86_64, .aarch64]

    /// What holds for every stack.
    private func expectSound(_ stack: NativeStack, _ subject: Subject, limit: Int = 512) {
        #expect(!stack.frames.isEmpty)
        #expect(stack.frames.count <= limit)
        for (index, frame) in stack.frames.enumerated() where index > 0 {
            let address = frame.address.address
            if frame.address.kind == .returnAddress {
                #expect(subject.ready.images.isExecutable(Address(address.value &- 1)))
            }
        }
    }

    @Test(arguments: architectures)
    func anyRegisters(_ architecture: Architecture) throws {
        let subject = try Subject(architecture)
        var generator = SplitMix(seed: 1)
        var unwinder = subject.unwinder(subject.ready.memory)
        let code = subject.ready.images.images.flatMap(\.executableRanges)
        for _ in 0..<4000 {
            guard var set = subject.registers.randomElement(using: &generator) else { return }
            for index in set.words.indices where generator.next() % 3 == 0 {
                set.words[index] = interesting(code, subject.ready.memory, &generator)
            }
            expectSound(unwinder.unwind(set), subject)
        }
    }

    private func interesting(
        _ code: [Range<UInt64>], _ memory: TargetMemory, _ generator: inout SplitMix
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
            let segment = memory.segments.randomElement(using: &generator)
            return segment.map { UInt64.random(in: $0.start..<$0.end, using: &generator) } ?? 0
        }
    }

    @Test(arguments: architectures)
    func anyStacks(_ architecture: Architecture) throws {
        let subject = try Subject(architecture)
        var generator = SplitMix(seed: 2)
        let code = subject.ready.images.images.flatMap(\.executableRanges)
        for _ in 0..<400 {
            let set = try #require(subject.registers.randomElement(using: &generator))
            let start = set.stackPointer & ~0xfff
            var bytes: [UInt8] = []
            for index in 0..<2048 {
                // Often a place in code or on the same stack: that leads furthest.
                let word =
                    switch generator.next() % 4 {
                    case 0: start + UInt64(index) * 8 + generator.next() % 256
                    case 1: interesting(code, subject.ready.memory, &generator)
                    default:
                        code.randomElement(using: &generator)
                            .map { UInt64.random(in: $0, using: &generator) } ?? 0
                    }
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            let memory = MemoryPage(address: start, bytes: bytes).over(subject.ready.memory)
            var unwinder = subject.unwinder(memory)
            for _ in 0..<20 {
                var changed = set
                changed.words[architecture.stackPointerIndex] =
                    start + (generator.next() % 2048) * 8
                changed.words[architecture.framePointerIndex] =
                    start + (generator.next() % 2048) * 8
                if let range = code.randomElement(using: &generator) {
                    changed.words[architecture.programCounterIndex] = UInt64.random(
                        in: range, using: &generator)
                }
                expectSound(unwinder.unwind(changed, limit: 16), subject, limit: 16)
            }
        }
    }

    /// Flipped bytes in every image's unwind information.
    @Test(arguments: [1, 30, 1000], architectures)
    func anyUnwindInformation(_ flips: Int, _ architecture: Architecture) throws {
        let subject = try Subject(architecture)
        let ready = subject.ready
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
            var unwinder = subject.unwinder(memory)
            for set in subject.registers { expectSound(unwinder.unwind(set), subject) }
        }
    }

    /// Memory that ends at any place.
    @Test(arguments: architectures)
    func missingMemory(_ architecture: Architecture) throws {
        let subject = try Subject(architecture)
        var generator = SplitMix(seed: 4)
        for _ in 0..<60 {
            let kept = subject.ready.memory.segments.filter { _ in generator.next() % 4 != 0 }
            let memory = TargetMemory(segments: kept, owners: [MemoryPage(address: 0, bytes: [])])
            var unwinder = subject.unwinder(memory)
            for set in subject.registers { expectSound(unwinder.unwind(set), subject) }
        }
    }

    @Test func anotherArchitecture() throws {
        let subject = try Subject(.x86_64)
        var unwinder = subject.unwinder(subject.ready.memory)
        let set = try #require(
            RegisterSet(architecture: .aarch64, words: [UInt64](repeating: 0x1000, count: 34)))
        let stack = unwinder.unwind(set)
        #expect(stack.frames.map(\.address.address) == [Address(0x1000)])
        #expect(stack.stoppedBecause == "the thread is of another CPU than its process")
    }
}
