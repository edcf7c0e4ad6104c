// The unwind information and the code of a program, and a stack to be walked with them: the last
// bytes of the input are the registers and the stack.

import AttachReport

@testable import AttachCore

private let file = FuzzFile("fuzzed.elf")
private let tailSize = 1024

func fuzz(_ bytes: [UInt8]) {
    guard bytes.count > tailSize, file.hold(bytes.dropLast(tailSize)),
        let mapped = MappedELF(file, count: bytes.count - tailSize)
    else { return }
    var input = FuzzInput(bytes.suffix(tailSize))
    /// Often a place in the code, or on the stack: that leads furthest.
    func word() -> UInt64 {
        let word = input.word()
        return switch word & 3 {
        case 1: mapped.codeAddress(word >> 2) ?? word
        case 2: MappedELF.stack + (word >> 2) % UInt64(tailSize)
        default: word >> 2
        }
    }
    let words = (0..<Architecture.x86_64.registerCount).map { _ in word() }
    var stack: [UInt8] = []
    while !input.isAtEnd {
        let word = word()
        for shift in stride(from: 0, to: 64, by: 8) {
            stack.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
    let page = ImageBytes(copying: stack)
    let whole = page.segment(
        at: MappedELF.stack, of: 0, page.count, isWritable: true, isCaptured: true)
    guard var registers = RegisterSet(architecture: .x86_64, words: words), let segment = whole
    else { return }
    let memory = TargetMemory(segments: [segment], owners: [page])
        .layered(over: mapped.memory.segments, owners: [page])
    var unwinder = Unwinder(
        Target(
            mapped.target.capture, images: mapped.target.images, memory: memory,
            code: mapped.target.code))
    for start in 0..<4 {
        registers.words[16] = mapped.codeAddress(words[16] &+ UInt64(start) &* 977) ?? words[16]
        registers.words[19] = MappedELF.stack + UInt64(start) * 40
        let limit = 64
        let walked = unwinder.unwind(registers, limit: limit)
        precondition(!walked.frames.isEmpty && walked.frames.count <= limit)
    }
    withExtendedLifetime((mapped, page)) {}
}
