import AttachReport
import Glibc

@testable import AttachCore

/// A capture of the test process itself: mappings and files, no memory. What is loaded here is
/// real, large, and known to the tools that tests compare with.
struct OwnProcess {
    let capture: Capture
    let table: ImageTable

    init() {
        var mappings: [Mapping] = []
        var files: [MappedFile] = []
        var seen: Set<[UInt64]> = []
        for line in Self.text("/proc/self/maps").split(separator: "\n") {
            guard let mapping = Self.mapping(line) else { continue }
            mappings.append(mapping)
            if mapping.isFile, mapping.isExecutable,
                seen.insert([mapping.device, mapping.inode]).inserted
            {
                let descriptor = unsafe open(mapping.path, O_RDONLY | O_CLOEXEC)
                files.append(
                    MappedFile(
                        path: mapping.path, device: mapping.device, inode: mapping.inode,
                        file: descriptor >= 0 ? OpenFile(adopting: descriptor) : nil))
            }
        }
        capture = Self.capture(mappings, files, TargetMemory())
        table = ImageTable(capture: capture)
    }

    /// A capture of these parts.
    static func capture(
        _ mappings: [Mapping], _ files: [MappedFile], _ memory: TargetMemory
    ) -> Capture {
        Capture(
            architecture: .x86_64, process: ProcessRecord(pid: getpid(), name: "test"),
            record: CaptureRecord(timeNanoseconds: 0, pauseNanoseconds: 0, bytes: 0),
            mappings: mappings, threads: [], memory: memory, files: files, gaps: [])
    }

    /// A whole file as text; empty where it cannot be read.
    static func text(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

    /// A whole file.
    static func bytes(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return bytes(of: descriptor)
    }

    /// Everything up to the end of a file or pipe.
    static func bytes(of descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return all }
            all += chunk[..<count]
        }
    }

    private static func mapping(_ line: Substring) -> Mapping? {
        let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard parts.count >= 5 else { return nil }
        let range = parts[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        let device = parts[3].split(separator: ":").compactMap { UInt64($0, radix: 16) }
        guard range.count == 2, device.count == 2, let offset = UInt64(parts[2], radix: 16),
            let inode = UInt64(parts[4])
        else { return nil }
        let flags = Array(parts[1])
        let path = parts.count > 5 ? parts[5].drop { $0 == " " } : ""
        return Mapping(
            start: range[0], end: range[1], isReadable: flags[0] == "r",
            isWritable: flags[1] == "w", isExecutable: flags[2] == "x", isShared: flags[3] == "s",
            fileOffset: offset, device: device[0] << 32 | device[1], inode: inode,
            path: String(path))
    }
}
