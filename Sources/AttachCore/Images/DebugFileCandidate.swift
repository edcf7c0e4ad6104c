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
                unsafe cc_checksum(
                    debug.bytes.base.assumingMemoryBound(to: UInt8.self), Int(debug.bytes.count))
                    == link.checksum
            else { return nil }
        }
        return debug.hasSymbolTable || debug.hasDebugInformation ? debug : nil
    }

    /// Larger files are not read as a whole.
    private static let checksumLimit: UInt64 = 4 << 30
}
