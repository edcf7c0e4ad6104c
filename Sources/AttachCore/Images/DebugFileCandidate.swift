import AttachReport
import CCompression

/// A file that may hold the symbols and debug information of a mapped one. Where it was found says
/// nothing of that; its build ID does.
public struct DebugFileCandidate: Sendable {
    /// The file, open.
    let file: OpenFile
    /// Its name, and how it was found.
    let record: DebugFileRecord

    /// The file, if it belongs to `owner`: its build ID is the same, or where neither has one, its
    /// checksum is the one that `owner` names.
    func belonging(to owner: ELFFile) -> ELFFile? {
        guard let debug = try? ELFFile(ImageBytes(mapping: file.descriptor)),
            debug.layout.machine == owner.layout.machine, debug.buildID == owner.buildID
        else { return nil }
        if owner.buildID == nil {
            guard let link = DebugLink(owner.layout, in: owner.bytes),
                debug.bytes.count <= Self.checksumLimit,
                Self.checksum(debug.bytes) == link.checksum
            else { return nil }
        }
        return debug.hasSymbolTable || debug.hasDebugInformation ? debug : nil
    }

    private static func checksum(_ bytes: ImageBytes) -> UInt32? {
        bytes.withBytes(0, bytes.count) { span in
            unsafe span.withUnsafeBufferPointer { buffer in
                unsafe buffer.baseAddress.map { unsafe cc_checksum($0, buffer.count) }
            }
        } ?? nil
    }

    /// Larger files are not read as a whole.
    private static let checksumLimit: UInt64 = 4 << 30
}
