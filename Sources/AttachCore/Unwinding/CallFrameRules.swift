/// Where the caller's registers are, at one place in a function.
struct CallFrameRules: Hashable, Sendable {
    /// Where to find one register of the caller; a register without a rule was left alone.
    enum Rule: Hashable, Sendable {
        /// Nowhere.
        case undefined
        /// In memory, so many bytes above the canonical frame address.
        case saved(Int64)
        /// In another register, by its DWARF number.
        case register(UInt64)
    }

    /// The register that the canonical frame address is reckoned from.
    var base: UInt64
    /// Bytes from there.
    var offset: Int64
    /// By DWARF number.
    var registers: [UInt64: Rule] = [:]
    /// Whether the return address is signed where it was saved.
    var isSigned = false

    /// The rules of a record at `pc`; nil where it gives none that can be used, though it was
    /// checked before.
    init?(_ information: CallFrameInformation, at pc: UInt64) {
        guard information.code.contains(pc) else { return nil }
        let common = information.common
        // The check has seen that there is a rule for the frame address before any code is passed.
        var row = Row(rules: CallFrameRules(base: 0, offset: 0))
        guard row.run(common.instructions, common, initial: nil, from: 0, to: .max) else {
            return nil
        }
        let initial = row.rules
        row.remembered = []
        guard
            row.run(
                information.instructions, common, initial: initial,
                from: information.code.lowerBound, to: pc)
        else { return nil }
        self = row.rules
    }

    init(base: UInt64, offset: Int64, registers: [UInt64: Rule] = [:], isSigned: Bool = false) {
        self.base = base
        self.offset = offset
        self.registers = registers
        self.isSigned = isSigned
    }

    /// A row of the table that the instructions describe (DWARF 5, 6.4.1), as it is being made.
    private struct Row {
        var rules: CallFrameRules
        var remembered: [CallFrameRules] = []

        /// Carries out what holds at `pc`; false for what makes no sense.
        mutating func run(
            _ instructions: RecordReader, _ common: CallFrameInformation.Common,
            initial: CallFrameRules?, from start: UInt64, to pc: UInt64
        ) -> Bool {
            var reader = instructions
            var place = start
            while !reader.isAtEnd {
                guard
                    let next = CallFrameInstruction.read(
                        &reader, pointerSize: common.program.pointerSize)
                else { return false }
                if case .advance(let count) = next {
                    place &+= count &* common.codeAlignment
                    guard place >= start else { return false }
                    if place > pc { return true }
                } else if !apply(next, common.dataAlignment, initial) {
                    return false
                }
            }
            return true
        }

        private mutating func apply(
            _ instruction: CallFrameInstruction, _ unit: Int64, _ initial: CallFrameRules?
        ) -> Bool {
            switch instruction {
            case .nothing: break
            case .frame(let register, let offset, let isFactored):
                rules.base = register
                rules.offset = isFactored ? offset &* unit : offset
            case .frameRegister(let register): rules.base = register
            case .frameOffset(let offset, let isFactored):
                rules.offset = isFactored ? offset &* unit : offset
            case .offset(let register, let count):
                rules.registers[register] = .saved(count &* unit)
            case .undefined(let register): rules.registers[register] = .undefined
            case .register(let register, let source): rules.registers[register] = .register(source)
            case .sameValue(let register): rules.registers[register] = nil
            case .restore(let register): rules.registers[register] = initial?.registers[register]
            case .toggleSigning: rules.isSigned.toggle()
            case .rememberState: remembered.append(rules)
            case .restoreState:
                guard let last = remembered.popLast() else { return false }
                rules = last
            case .advance, .setLocation, .frameExpression, .expression, .unknown: return false
            }
            return true
        }
    }
}
