import Testing

@testable import AttachCore

/// The decoder of machine code, on bytes alone.
struct UnwindDecoderTests {
    /// endbr64; push rbp; mov rbp,rsp; push r15; push rbx; sub rsp,24; nop; nop
    static let framed: [UInt8] = [
        0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x41, 0x57, 0x53, 0x48, 0x83, 0xec, 0x18,
        0x90, 0x90,
    ]

    private func first(_ code: [UInt8], pc: Int, isInterrupted: Bool = true) -> FrameRule? {
        PrologueDecoder(code: code, size: code.count, pc: pc)
            .candidates(isInterrupted: isInterrupted).first?.rule
    }

    private func saved(_ pairs: [(UInt8, UInt64)]) -> [FrameRule.SavedRegister] {
        pairs.map { FrameRule.SavedRegister(number: $0.0, depth: $0.1) }
    }

    @Test(
        arguments: [
            (0, FrameRule.Base.stackPointer, 8), (4, .stackPointer, 8), (5, .stackPointer, 16),
            (8, .framePointer, 16), (10, .framePointer, 16), (15, .framePointer, 16),
        ] as [(Int, FrameRule.Base, UInt64)])
    func aFrameIsFollowedInstructionByInstruction(
        _ pc: Int, _ base: FrameRule.Base, _ offset: UInt64
    ) {
        let rule = first(Self.framed, pc: pc)
        #expect(rule?.base == base)
        #expect(rule?.offset == offset)
    }

    @Test func registersAreGivenBack() {
        let rule = first(Self.framed, pc: 16, isInterrupted: false)
        #expect(rule?.saved == saved([(6, 16), (15, 24), (3, 32)]))
    }

    @Test func aFrameWithoutFramePointer() {
        // push r14; push rbx; push rax; mov rbx,rdi; call
        let code: [UInt8] = [0x41, 0x56, 0x53, 0x50, 0x48, 0x89, 0xfb, 0xe8, 1, 2, 3, 4, 0x90]
        let rule = first(code, pc: 12, isInterrupted: false)
        #expect(
            rule
                == FrameRule(
                    base: .stackPointer, offset: 32, saved: saved([(14, 16), (3, 24)])))
    }

    @Test(
        arguments: [
            ([0x48, 0x81, 0xec, 0xd0, 0x00, 0x00, 0x00, 0x90], 0xd8),
            ([0x48, 0x83, 0xec, 0x18, 0x90], 0x20),
            // add rsp,-128
            ([0x48, 0x83, 0xc4, 0x80, 0x90], 0x88),
            ([0x48, 0x8d, 0x64, 0x24, 0xf8, 0x90], 0x10),
        ] as [([UInt8], UInt64)])
    func roomIsMade(_ code: [UInt8], _ offset: UInt64) {
        #expect(
            first(code, pc: code.count - 1) == FrameRule(base: .stackPointer, offset: offset))
    }

    @Test func anAsyncFrameIsMarked() {
        // bts rbp,60; push rbp; push r14; lea rbp,[rsp+8]; sub rsp,16; nop
        let code: [UInt8] = [
            0x48, 0x0f, 0xba, 0xed, 0x3c, 0x55, 0x41, 0x56, 0x48, 0x8d, 0x6c, 0x24, 0x08,
            0x48, 0x83, 0xec, 0x10, 0x90,
        ]
        let rule = FrameRule(
            base: .framePointer, offset: 16, saved: saved([(6, 16), (14, 24)]))
        #expect(first(code, pc: 17) == rule)
        #expect(first(code, pc: 8)?.offset == 24)
    }

    @Test func aFrameMadeLate() {
        // test rdi,rdi; je; push rbp; mov rbp,rsp; push rbx; push rax; call; ...
        let code: [UInt8] = [
            0x48, 0x85, 0xff, 0x74, 0x10, 0x55, 0x48, 0x89, 0xe5, 0x53, 0x50, 0xe8, 0, 0, 0, 0,
            0x90,
        ]
        let candidates = PrologueDecoder(code: code, size: code.count, pc: 16)
            .candidates(isInterrupted: false)
        #expect(candidates.map(\.rule.base) == [.stackPointer, .framePointer])
        #expect(candidates.last?.rule.offset == 16)
        #expect(candidates.last?.distance == 16)
        // Behind its first instruction only the return address and rbp are on the stack.
        let early = PrologueDecoder(code: code, size: code.count, pc: 6)
            .candidates(isInterrupted: true)
        #expect(
            early.last?.rule == FrameRule(base: .stackPointer, offset: 16, saved: saved([(6, 16)])))
    }

    @Test(
        arguments: [
            // add rsp,8; pop rbx; pop r14; pop rbp; ret
            (
                [0x48, 0x83, 0xc4, 0x08, 0x5b, 0x41, 0x5e, 0x5d, 0xc3], 40,
                [(3, 32), (14, 24), (6, 16)]
            ),
            // pop rbp; btr rbp,60; ret
            ([0x5d, 0x48, 0x0f, 0xba, 0xf5, 0x3c, 0xc3], 16, [(6, 16)]),
            ([0xc3], 8, []),
            // pop rbp; jmp far away
            ([0x5d, 0xe9, 0x00, 0x10, 0x00, 0x00], 16, [(6, 16)]),
            // pop rcx; pop rbp; jmp [rip+…]
            ([0x59, 0x5d, 0xff, 0x25, 1, 2, 3, 4], 24, [(6, 16)]),
        ] as [([UInt8], UInt64, [(UInt8, UInt64)])])
    func epilogues(_ tail: [UInt8], _ offset: UInt64, _ registers: [(UInt8, UInt64)]) {
        let code = Self.framed + tail
        let rule = first(code, pc: Self.framed.count)
        #expect(
            rule == FrameRule(base: .stackPointer, offset: offset, saved: saved(registers)))
        // A return address is in no epilogue, whatever follows it.
        #expect(first(code, pc: Self.framed.count, isInterrupted: false)?.base == .framePointer)
    }

    @Test func aTailCallThroughARegister() {
        let popped = Self.framed + [0x5d, 0xff, 0xe0]
        #expect(first(popped, pc: 18) == .atEntry)
        #expect(
            PrologueDecoder.epilogue(at: [0x5d, 0x41, 0xff, 0xe3])
                == FrameRule(base: .stackPointer, offset: 16, saved: saved([(6, 16)])))
        #expect(PrologueDecoder.epilogue(at: [0xe9, 0, 0, 0, 0]) == nil)
    }

    @Test func leaveNeedsTheFramePointer() {
        #expect(first(Self.framed + [0xc9, 0xc3], pc: 17) == .framePointer)
    }

    @Test(
        arguments: [
            // jmp backwards within the function; jmp rax, which may be a switch; pop and something else
            [0xeb, 0xf8], [0xff, 0xe0], [0x5b, 0x90, 0xc3],
        ] as [[UInt8]])
    func whatIsNoEpilogue(_ tail: [UInt8]) {
        #expect(first(Self.framed + tail, pc: 17)?.base == .framePointer)
    }

    @Test func anyBytesAreSurvived() {
        var generator = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            let code = (0..<Int.random(in: 0...48, using: &generator)).map { _ in
                Self.common.randomElement(using: &generator)
                    ?? UInt8.random(in: 0...255, using: &generator)
            }
            let pc = Int.random(in: 0...50, using: &generator)
            for isInterrupted in [false, true] {
                let candidates = PrologueDecoder(code: code, size: code.count, pc: pc)
                    .candidates(isInterrupted: isInterrupted)
                for candidate in candidates {
                    #expect(candidate.rule.offset >= 8)
                    #expect(candidate.rule.saved.allSatisfy { $0.depth % 8 == 0 || $0.depth > 8 })
                }
            }
            _ = StubDecoder.rule(before: code, at: code)
            _ = CallSite.endsInCall(code)
        }
    }

    /// Bytes that instructions of frames are made of, so that random ones are often such.
    private static let common: [UInt8] = [
        0x48, 0x41, 0x55, 0x53, 0x5d, 0x5b, 0x83, 0x81, 0x8d, 0x89, 0xe5, 0xec, 0xc4, 0x24, 0x6c,
        0x64, 0x08, 0x7f, 0x80, 0xff, 0x25, 0x35, 0xe9, 0xeb, 0xc3, 0xc9, 0x0f, 0xba, 0xed, 0x3c,
    ]

    @Test func stubs() {
        let slot: [UInt8] = [0xff, 0x25, 1, 2, 3, 4, 0x68, 7, 0, 0, 0, 0xe9, 1, 2, 3, 4]
        let first: [UInt8] = [0xff, 0x35, 1, 2, 3, 4, 0xff, 0x25, 1, 2, 3, 4, 0x0f, 0x1f, 0x40, 0]
        let none = [UInt8](repeating: 0x90, count: 8)
        #expect(StubDecoder.rule(before: none, at: slot) == .atEntry)
        #expect(StubDecoder.rule(before: none, at: Array(slot[6...])) == .atEntry)
        #expect(StubDecoder.rule(before: Array(slot[3..<11]), at: Array(slot[11...]))?.offset == 16)
        #expect(StubDecoder.rule(before: none, at: first)?.offset == 16)
        #expect(StubDecoder.rule(before: Array(first[..<6]), at: Array(first[6...]))?.offset == 24)
        #expect(
            StubDecoder.rule(before: none, at: [0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 1, 2, 3, 4])
                == .atEntry)
        #expect(StubDecoder.rule(before: none, at: [0x48, 0x89, 0xe5, 0x90]) == nil)
    }

    @Test(
        arguments: [
            ([0xe8, 1, 2, 3, 4], true), ([0xff, 0xd0], true), ([0x41, 0xff, 0xd3], true),
            ([0xff, 0x50, 0x18], true), ([0xff, 0x15, 1, 2, 3, 4], true),
            ([0xff, 0x54, 0x24, 0x08], true), ([0xff, 0x94, 0x24, 1, 2, 3, 4], true),
            ([0xff, 0x14, 0xc7], true), ([0xff, 0xe0], false), ([0xff, 0x25, 1, 2, 3, 4], false),
            ([0x90, 0x90, 0x90], false), ([0xff, 0x35, 1, 2, 3, 4], false),
        ] as [([UInt8], Bool)])
    func callSites(_ end: [UInt8], _ isCall: Bool) {
        #expect(CallSite.endsInCall([UInt8](repeating: 0x90, count: 8) + end) == isCall)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
