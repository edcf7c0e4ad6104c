import Testing

@testable import AttachCore

/// Frames that are found from the machine code of aarch64.
struct AArch64CodeTests {
    private func bytes(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    }

    @Test(
        arguments: [
            (0xd101_c3ff, .moveStackPointer(-0x70)),  // sub sp, sp, #0x70
            (0xd140_07ff, .moveStackPointer(-4096)),  // sub sp, sp, #1, lsl #12
            (0x9101_c3ff, .moveStackPointer(0x70)),
            (0x9101_03fd, .setFramePointer(0x40)),  // add x29, sp, #0x40
            (0x9100_03bf, .setStackPointer(0)),  // mov sp, x29
            (0xa904_7bfd, .store([29, 30], offset: 64, moves: 0)),  // stp x29, x30, [sp, #64]
            (0xa9bf_7bfd, .store([29, 30], offset: 0, moves: -16)),  // stp x29, x30, [sp, #-16]!
            (0xf81f_0ffe, .store([30], offset: 0, moves: -16)),  // str x30, [sp, #-16]!
            (0xf900_2bf5, .store([21], offset: 80, moves: 0)),  // str x21, [sp, #80]
            (0xa946_4ff4, .load([20, 19], offset: 96, moves: 0)),  // ldp x20, x19, [sp, #96]
            (0xa8c1_7bfd, .load([29, 30], offset: 0, moves: 16)),  // ldp x29, x30, [sp], #16
            (0xf841_07fe, .load([30], offset: 0, moves: 16)),  // ldr x30, [sp], #16
            (0x6dbf_23e9, .store([], offset: 0, moves: -16)),  // stp d9, d8, [sp, #-16]!
            (0xd503_233f, .sign(true)),  // paciasp
            (0xd503_23bf, .sign(false)),  // autiasp
            (0xd65f_03c0, .leave(isReturn: true)),  // ret
            (0xd65f_0bff, .leave(isReturn: true)),  // retaa
            (0x17ff_f703, .leave(isReturn: false)),  // b
            (0xd61f_0000, .leave(isReturn: false)),  // br x0
            (0x97ff_08ef, .call),  // bl
            (0xd63f_0100, .call),  // blr x8
            (0xd73f_0910, .call),  // blraa x8, x16
            (0xa943_da68, .other),  // ldp x8, x22, [x19, #56]
            (0xaa14_03e0, .other),  // mov x0, x20
        ] as [(UInt32, AArch64Instruction)])
    func instructions(_ word: UInt32, _ instruction: AArch64Instruction) {
        #expect(AArch64Instruction(word) == instruction)
    }

    /// The frame of `swift_job_run`, wherever in it the thread stands.
    @Test func aFrameIsFollowedThroughAFunction() {
        let code = bytes([
            0xd101_c3ff, 0xa904_7bfd, 0xf900_2bf5, 0xa906_4ff4, 0x9101_03fd,  // its beginning
            0xaa02_03f4, 0x9400_1369, 0xf940_03e0,  // mov, bl, ldr x0, [sp]
            0xa946_4ff4, 0xa944_7bfd, 0xf940_2bf5, 0x9101_c3ff, 0xd65f_03c0,  // its end
            0x9400_0274, 0xd503_201f,  // and more behind it: bl, nop
        ])
        let saved: [UInt64: CallFrameRules.Rule] = [
            29: .saved(-48), 30: .saved(-40), 21: .saved(-32), 20: .saved(-16), 19: .saved(-8),
        ]
        func rules(_ index: Int, isInterrupted: Bool = true) -> CallFrameRules? {
            AArch64Frame(code: code, pc: index * 4).candidates(isInterrupted: isInterrupted).first
        }
        #expect(rules(0) == .atEntry)
        #expect(rules(1) == CallFrameRules(base: 31, offset: 0x70))
        let body = CallFrameRules(base: 29, offset: 0x30, registers: saved)
        #expect(rules(6) == body)
        #expect(rules(7, isInterrupted: false) == body)
        // Half of its end: what is left to do is what counts.
        #expect(
            rules(10)
                == CallFrameRules(base: 31, offset: 0x70, registers: [21: .saved(-32)]))
        #expect(rules(12) == .atEntry)
        #expect(rules(14, isInterrupted: false) == body)
    }

    @Test func noCodeStopsTheDecoder() {
        var generator = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            let code = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let frame = AArch64Frame(code: code, pc: Int.random(in: 0...300, using: &generator))
            #expect(frame.candidates(isInterrupted: true).count <= 2)
        }
    }

    /// Version 1, "zRB", code by 4, data by -8, x30; then the function's own.
    @Test(
        arguments: [
            (0, CallFrameRules(base: 31, offset: 0)),
            (4, CallFrameRules(base: 31, offset: 0, isSigned: true)),
            (
                8,
                CallFrameRules(
                    base: 31, offset: 16, registers: [29: .saved(-16), 30: .saved(-8)],
                    isSigned: true)
            ),
            (12, CallFrameRules(base: 31, offset: 0, isSigned: true)),
            (16, CallFrameRules(base: 31, offset: 0)),
            (20, nil),
        ] as [(UInt64, CallFrameRules?)])
    func recordsAreCarriedOut(_ place: UInt64, _ rules: CallFrameRules?) throws {
        let common: [UInt8] =
            [
                20, 0, 0, 0, 0, 0, 0, 0, 1, 0x7a, 0x52, 0x42, 0, 4, 0x78, 30, 1, 0, 0x0c, 31, 0, 0,
                0, 0,
            ]
        let own: [UInt8] = [
            0x41, 0x2d,  // advance, negate_ra_state
            0x41, 0x0e, 16, 0x9d, 2, 0x9e, 1,  // advance, offset 16, x29 and x30
            0x41, 0xdd, 0xde, 0x0e, 0,  // advance, restore both, offset 0
            0x41, 0x2d, 0, 0,
        ]
        var record = [UInt8](repeating: 0, count: 24)
        record[0] = UInt8(4 + 8 + 8 + 1 + own.count + 3)
        record[4] = UInt8(common.count + 4)
        record.replaceSubrange(8..<10, with: [0, 0x10])
        record.replaceSubrange(16..<17, with: [20])
        record = Array(record[..<24]) + [0] + own + [0, 0, 0]
        let page = MemoryPage(address: 0x10_0000, bytes: common + record)
        var commons: [UInt64: CallFrameInformation.Common] = [:]
        let read = try CallFrameInformation.read(
            0x10_0000 + UInt64(common.count), covering: 0x1000 + place, memory: page.memory,
            architecture: .aarch64, commons: &commons)
        #expect(read.flatMap { CallFrameRules($0, at: 0x1000 + place) } == rules)
    }
}
