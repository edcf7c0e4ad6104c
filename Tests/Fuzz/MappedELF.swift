// A process that has one file mapped, as its program headers ask for.

import AttachReport
import Glibc

@testable import AttachCore

/// A capture of a thread that runs an ELF file.
struct MappedELF {
    let target: Target
    var images: ImageTable { target.images }
    var memory: TargetMemory { target.memory }
    /// Where it is mapped with the right to execute it.
    let code: [Range<UInt64>]

    static let stack: UInt64 = 0x7ffd_0000_0000
    private static let bias: UInt64 = 0x5555_0000_0000

    /// nil where it is no ELF file.
    init?(_ file: FuzzFile, count: Int) {
        guard let bytes = try? ImageBytes(mapping: file.descriptor),
            let layout = try? ELFLayout(bytes)
        else { return nil }
        var mappings: [Mapping] = []
        for segment in layout.segments.prefix(64) where segment.type == ELFLayout.Segment.load {
            let start = (Self.bias &+ segment.address) & ~0xfff
            let offset = segment.offset & ~0xfff
            guard offset < UInt64(count) else { continue }
            let size = min(segment.fileSize, UInt64(count)) + segment.offset % 0x1000
            let (end, overflow) = start.addingReportingOverflow((size + 0xfff) & ~0xfff)
            guard !overflow, end < Self.stack, start < end,
                mappings.allSatisfy({ end <= $0.start || $0.end <= start })
            else { continue }
            mappings.append(
                Mapping(
                    start: start, end: end, isReadable: true, isWritable: segment.isWritable,
                    isExecutable: segment.isExecutable, isShared: false, fileOffset: offset,
                    device: 1, inode: 1, path: "/fuzzed"))
        }
        mappings.sort { $0.start < $1.start }
        guard let descriptor = Self.copy(file.descriptor) else { return nil }
        let capture = Capture(
            architecture: .x86_64,
            process: ProcessRecord(pid: 1, name: "fuzzed", executable: nil, arguments: []),
            record: CaptureRecord(
                timeNanoseconds: 0, pauseNanoseconds: 0, bytes: 0, source: .core),
            mappings: mappings, threads: [], memory: TargetMemory(),
            files: [
                MappedFile(
                    path: "/fuzzed", device: 1, inode: 1,
                    file: OpenFile(adopting: descriptor))
            ],
            gaps: [])
        target = Target(capture, images: ImageTable(capture: capture))
        code = mappings.filter(\.isExecutable).map { $0.start..<$0.end }
    }

    private static func copy(_ descriptor: Int32) -> Int32? {
        let copy = dup(descriptor)
        return copy < 0 ? nil : copy
    }

    /// An address in its code; nil where it has none.
    func codeAddress(_ number: UInt64) -> UInt64? {
        guard !code.isEmpty else { return nil }
        let range = code[Int(number >> 48) % code.count]
        return range.lowerBound + (number & 0xffff_ffff_ffff) % UInt64(range.count)
    }
}
