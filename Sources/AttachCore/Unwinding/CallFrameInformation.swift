import AttachReport

/// A frame description entry of `.eh_frame`, with its common information entry, read and checked
/// (LSB 5.0 core, 10.6).
struct CallFrameInformation {
    /// Where the entry lies.
    var address: UInt64
    /// The code it describes.
    var code: Range<UInt64>
    /// Whether it describes a signal trampoline.
    var isSignalFrame: Bool
    /// Bytes in it, a measure of what it costs to carry out.
    var size: Int
    /// What it has in common with others.
    var common: Common
    /// Its own instructions, checked.
    var instructions: RecordReader

    /// Why a record is not used.
    enum Refusal: Error, Equatable {
        /// Memory that holds it was not captured.
        case unreadable(UInt64)
        /// It is not one that can be carried out safely, for this reason.
        case unusable(String)
    }

    /// What entries have in common.
    struct Common {
        /// DW_EH_PE encoding of the entry's addresses.
        var encoding: UInt8
        /// DW_EH_PE encoding of the pointer to language-specific data.
        var dataEncoding: UInt8
        /// Whether the entry says how long its own augmentation is.
        var isAugmented: Bool
        /// Whether it describes a signal trampoline.
        var isSignalFrame: Bool
        /// Bytes of code that instructions count by.
        var codeAlignment: UInt64
        /// Bytes of the stack that they count by.
        var dataAlignment: Int64
        /// The instructions that come before an entry's own, checked.
        var instructions: RecordReader
        /// The state in which the entry's own instructions begin.
        var program: CallFrameProgram
    }

    /// The longest record seen has 11 KB (a function of clang).
    private static let sizeLimit: UInt32 = 1 << 16

    /// Reads the entry at `address`; nil where it does not cover `pc`. `commons` remembers what was
    /// read before.
    static func read(
        _ address: UInt64, covering pc: UInt64, memory: TargetMemory, architecture: Architecture,
        commons: inout [UInt64: Common]
    ) throws(Refusal) -> CallFrameInformation? {
        let bytes = try record(address, memory)
        var reader = RecordReader(bytes, from: 4)
        guard let distance = reader.integer(UInt32.self), distance != 0 else {
            throw .unusable("is no frame description")
        }
        let common = try common(
            (address &+ 4) &- UInt64(bitPattern: Int64(Int32(bitPattern: distance))), memory,
            architecture, &commons)
        let place = address &+ UInt64(reader.position)
        guard let start = pointer(common.encoding, at: place, &reader),
            let count = pointer(common.encoding & 0x0f, at: 0, &reader)
        else { throw .unusable("ends before its address") }
        let (end, overflow) = start.addingReportingOverflow(count)
        guard !overflow else { throw .unusable("describes code that wraps around") }
        guard start <= pc, pc < end else { return nil }
        if common.isAugmented {
            guard let size = reader.unsigned(), reader.skip(size) != nil else {
                throw .unusable("ends in its augmentation")
            }
        } else if common.dataEncoding != omitted {
            throw .unusable("has data of unknown length")
        }
        var program = common.program
        if let reason = program.check(reader) { throw .unusable(reason) }
        guard program.definesFrameAddress else { throw .unusable("has no rule for the frame") }
        return CallFrameInformation(
            address: address, code: start..<end, isSignalFrame: common.isSignalFrame,
            size: bytes.count, common: common, instructions: reader)
    }

    private static let omitted: UInt8 = 0xff

    private static func record(_ address: UInt64, _ memory: TargetMemory) throws(Refusal) -> [UInt8]
    {
        guard let size = memory.load(Address(address), as: UInt32.self) else {
            throw .unreadable(address)
        }
        guard size <= sizeLimit, size >= 8 else { throw .unusable("has a wrong length") }
        guard let bytes = memory.copy(Address(address), count: Int(size) + 4) else {
            throw .unreadable(address)
        }
        return bytes
    }

    private static func common(
        _ address: UInt64, _ memory: TargetMemory, _ architecture: Architecture,
        _ commons: inout [UInt64: Common]
    ) throws(Refusal) -> Common {
        if let common = commons[address] { return common }
        let common = try parse(try record(address, memory), at: address, architecture)
        commons[address] = common
        return common
    }

    private static func parse(
        _ bytes: [UInt8], at address: UInt64, _ architecture: Architecture
    ) throws(Refusal) -> Common {
        var reader = RecordReader(bytes, from: 4)
        // Version 4 has two more bytes, which libunwind does not expect.
        guard reader.integer(UInt32.self) == 0, let version = reader.byte(),
            version == 1 || version == 3
        else { throw .unusable("has common information of another kind") }
        var augmentation: [UInt8] = []
        while let letter = reader.byte(), letter != 0 { augmentation.append(letter) }
        // libunwind looks at four letters.
        guard augmentation.count <= 4, let factor = reader.unsigned(), factor <= 16,
            let dataFactor = reader.signed(),
            let column = version == 1 ? reader.byte().map(UInt64.init) : reader.unsigned(),
            column == architecture.returnAddressColumn
        else { throw .unusable("has common information that makes no sense") }

        var encoding: UInt8 = 0
        var dataEncoding = omitted
        var isSignalFrame = false
        var programStart: UInt64?
        for (index, letter) in augmentation.enumerated() {
            switch letter {
            case UInt8(ascii: "z") where index == 0:
                guard let size = reader.unsigned() else { throw .unusable("is cut short") }
                programStart = UInt64(reader.position) &+ size
            case UInt8(ascii: "R"):
                encoding = reader.byte() ?? omitted
            case UInt8(ascii: "L"):
                dataEncoding = reader.byte() ?? omitted
            case UInt8(ascii: "P"):
                // Indirect as it mostly is, only its size matters here.
                guard let kind = reader.byte(), isKnown(kind & 0x7f),
                    pointer(kind & 0x0f, at: 0, &reader) != nil
                else { throw .unusable("has an unknown personality") }
            case UInt8(ascii: "S"):
                isSignalFrame = true
            case UInt8(ascii: "B") where architecture == .aarch64:
                break  // Which key signs return addresses; it makes no difference here.
            default:
                throw .unusable("has an unknown augmentation")
            }
        }
        guard isKnown(encoding), dataEncoding == omitted || isKnown(dataEncoding & 0x7f) else {
            throw .unusable("has addresses of an unknown encoding")
        }
        // libunwind begins right behind the letters' operands, whatever the stated length.
        guard programStart == nil || programStart == UInt64(reader.position) else {
            throw .unusable("has an augmentation of another length than it states")
        }
        var program = CallFrameProgram(pointerSize: size(of: encoding), architecture: architecture)
        if let reason = program.check(reader) { throw .unusable(reason) }
        return Common(
            encoding: encoding, dataEncoding: dataEncoding, isAugmented: programStart != nil,
            isSignalFrame: isSignalFrame, codeAlignment: factor, dataAlignment: dataFactor,
            instructions: reader, program: program)
    }

    /// Absolute or relative to the field, of a fixed size (LSB 5.0 core, 10.5.1).
    private static func isKnown(_ encoding: UInt8) -> Bool {
        (encoding & 0xf0 == 0 || encoding & 0xf0 == 0x10) && size(of: encoding) > 0
    }

    private static func size(of encoding: UInt8) -> Int {
        switch encoding & 0x0f {
        case 0x00, 0x04, 0x0c: 8
        case 0x03, 0x0b: 4
        case 0x02, 0x0a: 2
        default: 0
        }
    }

    private static func pointer(
        _ encoding: UInt8, at place: UInt64, _ reader: inout RecordReader
    ) -> UInt64? {
        let value: UInt64? =
            switch encoding & 0x0f {
            case 0x00, 0x04, 0x0c: reader.integer(UInt64.self)
            case 0x03: reader.integer(UInt32.self).map(UInt64.init)
            case 0x0b: reader.integer(Int32.self).map { UInt64(bitPattern: Int64($0)) }
            case 0x02: reader.integer(UInt16.self).map(UInt64.init)
            case 0x0a: reader.integer(Int16.self).map { UInt64(bitPattern: Int64($0)) }
            default: nil
            }
        guard let value else { return nil }
        // Zero is always absolute.
        return value != 0 && encoding & 0x10 != 0 ? value &+ place : value
    }
}
