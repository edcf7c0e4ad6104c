import AttachReport
import Testing

@testable import AttachCore

/// What is refused before libunwind sees it.
struct UnwindRecordTests {
    private func check(_ program: [UInt8]) -> String? {
        var checked = CallFrameProgram(pointerSize: 4)
        return checked.check(RecordReader([0x0c, 7, 8] + program))
    }

    @Test(
        arguments: [
            [0x41, 0x0e, 0x10, 0x86, 0x02, 0x0d, 0x06],  // advance, offsets, frame register
            [0x0a, 0x41, 0xc6, 0x0b, 0x00, 0x00],  // remember, restore
            [0x0f, 0x05, 0x77, 0xa0, 0x01, 0x06, 0x96],  // frame address by an expression
            [0x16, 0x10, 0x02, 0x30, 0x96],
            [0x10, 0x06, 0x04, 0x76, 0x7e, 0x06, 0x22],
            // The PLT's rule: rsp + 8 + ((rip & 15) >= 11) << 3
            [0x0f, 0x0b, 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22],
        ] as [[UInt8]])
    func whatCompilersWriteIsTaken(_ program: [UInt8]) {
        #expect(check(program) == nil)
    }

    @Test(
        arguments: [
            [0x0f, 0x03, 0x2f, 0xfd, 0xff],  // an expression that jumps to itself
            [0x0f, 0x04, 0x31, 0x28, 0xfc, 0xff],  // or branches back
            // skip into an operand that is itself a jump back
            [0x0f, 0x09, 0x2f, 0x01, 0x00, 0x0c, 0x2f, 0xfa, 0xff, 0x00, 0x96],
            [0x0f, 0x03, 0x31, 0x31, 0x1b],  // division
            [0x0f, 0x01, 0xe0],  // an unknown operation
            [0x0f, 0x02, 0x08],  // cut short
            [0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],  // endless
            [0x09, 0x06, 0x40],  // rbp is in register 64
            [0x91, 0x01],  // a register that libunwind has no room for
            [0x05, 0x40, 0x01],
            [0x0b],  // restores what was not remembered
            [0x14, 0x06, 0x01],  // DW_CFA_val_offset, which libunwind passes over
            [0x1d], [0x2d], [0x3f],  // unknown instructions
            [0x0e], [0x04, 0x01],  // cut short
        ] as [[UInt8]])
    func whatCouldHarmIsRefused(_ program: [UInt8]) {
        #expect(check(program) != nil)
    }

    @Test func theFrameMustHaveARule() {
        var program = CallFrameProgram(pointerSize: 4)
        #expect(program.check(RecordReader([0x41])) != nil)
        var remembered = CallFrameProgram(pointerSize: 4)
        #expect(remembered.check(RecordReader([0x0a, 0x0c, 7, 8, 0x0b])) != nil)
        var deep = CallFrameProgram(pointerSize: 4)
        let states = [UInt8](repeating: 0x0a, count: 1000)
        #expect(deep.check(RecordReader([0x0c, 7, 8] + states)) != nil)
    }

    @Test func numbers() {
        var reader = RecordReader([0xe5, 0x8e, 0x26, 0x7f, 0x80, 0x7f, 0x9b, 0xf1, 0x59])
        #expect(reader.unsigned() == 624_485)
        #expect(reader.signed() == -1)
        #expect(reader.signed() == -128)
        #expect(reader.signed() == -624_485)
        #expect(reader.isAtEnd)
        #expect(reader.byte() == nil)
        let many = [UInt8](repeating: 0xff, count: 12)
        for last in [UInt8(0x01), 0x02, 0x7f] {
            var reader = RecordReader(Array(many[..<9]) + [last])
            #expect(reader.unsigned() == (last == 1 ? .max : nil))
        }
        var long = RecordReader(many)
        #expect(long.unsigned() == nil)
        #expect(long.integer(UInt16.self) == 0xffff)
    }

    @Test func aRuleBecomesARecord() throws {
        let rule = FrameRule(
            base: .framePointer, offset: 1 << 20,
            saved: [
                FrameRule.SavedRegister(number: 6, depth: 16),
                FrameRule.SavedRegister(number: 15, depth: 8192),
            ])
        let bytes = rule.record(for: 0x1234..<0x1235)
        let page = MemoryPage(address: 0x10_0000, bytes: bytes)
        var commons: [UInt64: CallFrameInformation.Common] = [:]
        let read = try CallFrameInformation.read(
            0x10_0000 + FrameRule.recordOffset, covering: 0x1234, memory: page.memory,
            architecture: .x86_64, commons: &commons)
        #expect(read?.code == 0x1234..<0x1235)
        #expect(read?.isSignalFrame == false)
        let outside = try CallFrameInformation.read(
            0x10_0000 + FrameRule.recordOffset, covering: 0x1235, memory: page.memory,
            architecture: .x86_64, commons: &commons)
        #expect(outside == nil)
    }

    @Test func headOrTail() {
        for (limit, count) in [(1, 5), (2, 5), (3, 3), (4, 100), (5, 100), (512, 20_000)] {
            var retention = FrameRetention(limit: limit)
            for index in 0..<count {
                retention.append(
                    NativeFrame(
                        address: CodeAddress(
                            address: Address(UInt64(index)), kind: .returnAddress),
                        canonicalFrameAddress: .null, framePointer: 0, asyncContext: 0))
            }
            let stack = retention.stack
            let kept = stack.frames.map { Int($0.address.address.value) }
            let head = limit - limit / 2
            if count <= limit {
                #expect(kept == Array(0..<count))
                #expect(stack.omitted == nil)
            } else {
                #expect(kept == Array(0..<head) + Array((count - limit / 2)..<count))
                #expect(stack.omitted?.count == count - limit)
                #expect(stack.omitted?.at == head)
            }
        }
    }
}
