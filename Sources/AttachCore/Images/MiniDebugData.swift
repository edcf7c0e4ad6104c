import CCompression
import Glibc

/// Symbols that lie in the program itself, packed: Fedora and its kin leave those of local
/// functions in `.gnu_debugdata` (gdb manual, "MiniDebugInfo").
enum MiniDebugData {
    /// Packed and unpacked, the largest that are looked at. Those of real programs have a tenth.
    private static let packedLimit: UInt64 = 16 << 20
    private static let limit = 128 << 20
    /// For the window of the decoder.
    private static let memory: UInt64 = 128 << 20

    /// What came of it.
    enum Outcome {
        /// The file within the file.
        case file(ELFFile)
        /// There is none that can be read.
        case none
        /// It takes up more than may still be unpacked.
        case overBudget
    }

    /// Unpacks the file within the file.
    static func unpack(from file: ELFFile, budget: UnpackingBudget) -> Outcome {
        guard let section = file.layout.section(named: ".gnu_debugdata", in: file.bytes),
            !section.isCompressed, section.size > 0, section.size <= packedLimit
        else { return .none }
        return file.bytes.withBytes(section.offset, section.size) {
            unpack($0, of: file, budget: budget)
        } ?? .none
    }

    private static func unpack(
        _ packed: Span<UInt8>, of file: ELFFile, budget: UnpackingBudget
    ) -> Outcome {
        var capacity = packed.count * 8
        while true {
            let largest = min(limit, budget.remaining)
            guard largest > 0 else { return .overBudget }
            capacity = min(capacity, largest)
            var bytes = [UInt8](repeating: 0, count: capacity)
            var size = 0
            let failure = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
                unsafe packed.withUnsafeBufferPointer { packed in
                    guard let start = packed.baseAddress, let output = buffer.baseAddress else {
                        return EINVAL
                    }
                    return unsafe cc_expand_xz(
                        start, packed.count, memory, output, buffer.count, &size)
                }
            }
            budget.take(failure == 0 ? size : capacity)
            if failure == EFBIG, capacity < limit {
                capacity *= 4
                continue
            }
            guard failure == 0, let mini = try? ELFFile(ImageBytes(copying: bytes[..<size])),
                mini.layout.machine == file.layout.machine,
                mini.buildID == nil || mini.buildID == file.buildID
            else { return .none }
            return .file(mini)
        }
    }
}
