import AttachReport
import CUnwind

/// What libunwind sees of a capture: its memory, and one record at a time about the code it asks
/// for. Where there is none, one is made up from the code itself.
@safe final class UnwindTarget {
    private var descriptions: FrameDescriptions
    private let memory: TargetMemory
    private let images: ImageTable
    private var lastSegment: TargetMemory.Segment?
    private var made: [UInt8] = []

    /// What is stepped from.
    var position = FramePosition(
        pc: 0, isInterrupted: true, stackPointer: 0, framePointer: 0)
    /// Why the current step is not possible.
    private(set) var failure: String?
    /// Whether the current step's rule was made up.
    private(set) var isMade = false
    /// Why the stack may be wrong.
    var doubt: String?
    /// Bytes of records that may yet be carried out for this stack.
    var budget = 0

    /// Function bodies that are looked at for a frame; the first part of longer ones.
    private static let codeLimit: UInt64 = 1 << 16

    init(_ descriptions: FrameDescriptions) {
        self.descriptions = descriptions
        memory = descriptions.memory
        images = descriptions.images
    }

    /// Gets ready for a step from `position`.
    func begin(_ position: FramePosition) {
        self.position = position
        failure = nil
        isMade = false
    }

    /// Eight bytes of memory, or of the record made last.
    @inline(__always)
    func word(at marked: UInt64) -> UInt64? {
        let address = marked & Architecture.x86_64.addressBits
        if address >= CU_OWN_MEMORY - 8 { return ownWord(at: address) }
        if let segment = lastSegment, let word: UInt64 = segment.load(at: address) { return word }
        return uncommonWord(at: address)
    }

    private func uncommonWord(at address: UInt64) -> UInt64? {
        if let segment = memory.segment(at: address) { lastSegment = segment }
        if let word = memory.word(Address(address)) { return word }
        if failure == nil { failure = "memory at \(Address(address)) was not captured" }
        return nil
    }

    private func ownWord(at address: UInt64) -> UInt64? {
        guard address >= CU_OWN_MEMORY, address - CU_OWN_MEMORY < UInt64(made.count) else {
            return nil
        }
        let start = Int(address - CU_OWN_MEMORY)
        return (0..<8).reduce(UInt64(0)) { word, index in
            let byte = start + index < made.count ? made[start + index] : 0
            return word | UInt64(byte) << UInt64(index * 8)
        }
    }

    /// The address of a record that covers `pc`; nil, with `failure` set, where there is none that
    /// can be trusted.
    func record(for pc: UInt64) -> UInt64? {
        guard images.isExecutable(Address(pc)) else { return recordOutsideCode(pc) }
        do {
            if let found = try descriptions.information(for: pc) {
                budget -= found.size
                guard budget >= 0 else {
                    failure = "unwinding it takes too much work"
                    return nil
                }
                return found.address
            }
        } catch {
            failure = error.reason
            return nil
        }
        return recordFromCode(pc)
    }

    /// A call or jump to a place that is no code leaves the caller as at a function's entry.
    private func recordOutsideCode(_ pc: UInt64) -> UInt64? {
        guard position.isInterrupted, leadsToCaller(.atEntry) else {
            failure = "there is no code at \(Address(pc))"
            return nil
        }
        return make(.atEntry, for: pc)
    }

    private func recordFromCode(_ pc: UInt64) -> UInt64? {
        if let function = images.functionRange(containing: Address(pc)), function.contains(pc),
            let code = code(of: function)
        {
            if let rule = decoded(function, code) { return make(rule, for: pc) }
        } else {
            if position.isInterrupted {
                for rule in outsideFunctions(pc) where leadsToCaller(rule) {
                    return make(rule, for: pc)
                }
            }
            if position.framePointer >= position.stackPointer, leadsToCaller(.framePointer) {
                if doubt == nil {
                    doubt =
                        "no unwind information for \(describe(pc)): "
                        + "its caller was found by the frame pointer"
                }
                return make(.framePointer, for: pc)
            }
        }
        failure = "no unwind information for \(describe(pc))"
        return nil
    }

    /// nil where a debug file knows of the function, and the program with its code is not there.
    private func code(of function: Range<UInt64>) -> [UInt8]? {
        let size = function.upperBound - function.lowerBound
        return memory.copy(Address(function.lowerBound), count: Int(min(size, Self.codeLimit)))
    }

    private func decoded(_ function: Range<UInt64>, _ code: [UInt8]) -> FrameRule? {
        let size = function.upperBound - function.lowerBound
        guard let length = Int(exactly: size), position.pc >= function.lowerBound,
            let pc = Int(exactly: position.pc - function.lowerBound)
        else { return nil }
        let candidates = PrologueDecoder(code: code, size: length, pc: pc).candidates(
            isInterrupted: position.isInterrupted)
        let distance = position.framePointer &- position.stackPointer
        return candidates.first { $0.distance == distance && leadsToCaller($0.rule) }?.rule
            ?? candidates.first { leadsToCaller($0.rule) }?.rule
    }

    /// What the code alone tells of a place that is in no known function.
    private func outsideFunctions(_ pc: UInt64) -> [FrameRule] {
        guard pc >= 8, let before = memory.copy(Address(pc - 8), count: 8),
            let code = memory.copy(Address(pc), count: 32)
        else { return [] }
        return [StubDecoder.rule(before: before, at: code), PrologueDecoder.epilogue(at: code)]
            .compactMap(\.self)
    }

    /// Whether the rule finds a return address where it says that there is one.
    private func leadsToCaller(_ rule: FrameRule) -> Bool {
        guard
            let frame = rule.frameAddress(
                stackPointer: position.stackPointer, framePointer: position.framePointer),
            frame > position.stackPointer, let caller = memory.word(Address(frame - 8)),
            caller > 0, images.isExecutable(Address(caller - 1))
        else { return false }
        return CallSite.isReturnAddress(caller, memory: memory, architecture: .x86_64)
    }

    private func make(_ rule: FrameRule, for pc: UInt64) -> UInt64? {
        guard pc < .max else { return nil }
        made = rule.record(for: pc..<pc + 1)
        isMade = true
        return CU_OWN_MEMORY + FrameRule.recordOffset
    }

    private func describe(_ pc: UInt64) -> String { descriptions.describe(pc) }
}
