import AttachReport
import Glibc

/// Opens the files that were mapped into the process of a core file, and makes sure that they are
/// the ones: a name says little, on another machine or a day later.
struct CoreModules {
    /// One for each file with code in it.
    private(set) var files: [MappedFile] = []
    /// What could not be opened, is another file, or is not known to be the same.
    private(set) var gaps: [Gap] = []
    /// Parts of files that are code, by file: for mappings of which the core file does not say.
    private(set) var code: [MappedIdentity: [Range<UInt64>]] = [:]

    /// Where their paths lead.
    private(set) var root: TargetRoot?

    private let memory: TargetMemory
    private let options: CoreFileOptions

    /// No process has more files than this mapped.
    private static let limit = 4096
    /// So much of a file's beginning is in a core file, if anything is.
    private static let headerSize = TargetMemory.smallestPage
    /// How an ELF file begins (elf(5)).
    private static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]

    /// How a file is known to be the one that was mapped.
    private enum Likeness {
        /// What the core file holds proves it.
        case same
        /// It proves the contrary.
        case other
        /// There is no build ID, but what there is agrees.
        case alike
        /// The core file does not hold what could tell.
        case unknown
    }

    /// - Parameters:
    ///   - mappings: The address space.
    ///   - memory: What the core file holds of it.
    ///   - executable: Which of the files is the program.
    ///   - originals: The files as they were when the core file was written, where it says so; nil
    ///     for one that could not be opened then.
    init(
        mappings: [Mapping], memory: TargetMemory, executable: MappedIdentity?,
        originals: [MappedIdentity: FileStamp?]?, options: CoreFileOptions
    ) throws(CoreFileError) {
        self.memory = memory
        self.options = options
        let sysroot: TargetRoot?
        do throws(SystemError) {
            sysroot = try options.sysroot.map { path throws(SystemError) in
                try TargetRoot(folder: path)
            }
        } catch {
            throw .file(path: options.sysroot ?? "", errno: error.errno)
        }
        root = sysroot ?? (try? TargetRoot(folder: "/"))
        var byFile: [MappedIdentity: [Mapping]] = [:]
        var order: [MappedIdentity] = []
        for mapping in mappings where mapping.isFile {
            if byFile[mapping.identity] == nil { order.append(mapping.identity) }
            byFile[mapping.identity, default: []].append(mapping)
        }
        for number in order {
            guard let parts = byFile[number], let first = parts.first,
                parts.contains(where: \.isExecutable)
            else { continue }
            guard files.count < Self.limit else {
                gaps.append(Gap(.furtherMappedFiles, reason: .limit))
                return
            }
            let given = number == executable ? options.executable : nil
            let original = originals?[number] ?? nil
            if originals != nil, original == nil, given == nil, sysroot == nil {
                // As it was then, which is a gap of the capture already.
                files.append(
                    MappedFile(
                        path: first.path, device: first.device, inode: first.inode, file: nil,
                        buildID: MemoryImage.buildID(of: parts, in: memory)))
                continue
            }
            var file = MappedFile(
                path: first.path, device: first.device, inode: first.inode, file: nil)
            do throws(SystemError) {
                let names = given.map { [$0] } ?? MappedPath.names(first.path)
                let opened = try Self.open(names, root: given == nil ? sysroot : nil)
                file.file = accepted(opened, parts, isGiven: given != nil, stamp: original)
            } catch {
                if let given { throw .file(path: given, errno: error.errno) }
                gaps.append(
                    Gap(
                        .file(first.path), address: Address(first.start),
                        reason: .noSymbols, detail: error.words + wayOut(number, executable)))
            }
            if file.file == nil {
                file.buildID = MemoryImage.buildID(of: parts, in: memory)
            }
            files.append(file)
        }
    }

    private func wayOut(_ number: MappedIdentity, _ executable: MappedIdentity?) -> String {
        if options.sysroot != nil { return " below the --sysroot" }
        return number == executable
            ? "; say where it is with --executable" : "; say where it is with --sysroot"
    }

    /// Opens the first of these names that can be opened; throws why the last one cannot.
    private static func open(
        _ names: [String], root: TargetRoot?
    ) throws(SystemError) -> OpenFile {
        var failure = SystemError(errno: ENOENT)
        for name in names {
            do throws(SystemError) {
                guard let root else { return try OpenFile(regular: name) }
                return OpenFile(try root.open(name))
            } catch {
                failure = error
            }
        }
        throw failure
    }

    // MARK: Is it the same?

    private mutating func accepted(
        _ file: OpenFile, _ parts: [Mapping], isGiven: Bool, stamp: FileStamp?
    ) -> OpenFile? {
        guard let first = parts.first else { return nil }
        let isUnchanged = stamp != nil && stamp == FileStamp(descriptor: file.descriptor)
        var likeness = Likeness.unknown
        if let bytes = try? ImageBytes(mapping: file.descriptor) {
            if let layout = try? ELFLayout(bytes) {
                code[first.identity] = layout.segments.compactMap { segment in
                    let (end, overflow) = segment.offset.addingReportingOverflow(segment.fileSize)
                    return segment.type == ELFLayout.Segment.load && segment.isExecutable
                        && !overflow ? segment.offset & ~0xffff..<end : nil
                }
                likeness = self.likeness(bytes, layout, parts)
            } else if held(0, Self.magic.count, parts) == Self.magic {
                likeness = .other
            } else {
                // Nothing that we read as a program, so nothing is named after it.
                return file
            }
        }
        let subject = Gap.Subject.file(first.path)
        let address = Address(first.start)
        switch likeness {
        case .same: return file
        case .other:
            gaps.append(
                Gap(
                    subject, address: address, reason: .noSymbols,
                    detail: "the file of that name is another one"
                        + (isGiven
                            ? "" : "; say where the right one is with --executable or --sysroot")))
            return nil
        case .alike where isUnchanged, .unknown where isUnchanged: return file
        case .alike:
            gaps.append(
                Gap(
                    subject, address: address, reason: .noSymbols,
                    detail: "it has no build ID; its first page is the same, so it is taken for "
                        + "the one that was mapped"))
            return file
        case .unknown:
            let isNamed = isGiven || options.sysroot != nil
            gaps.append(
                Gap(
                    subject, address: address, reason: .noSymbols,
                    detail: "the core file does not hold what would tell whether it is the one "
                        + "that was mapped; "
                        + (isNamed
                            ? "it is used because it was given"
                            : "to use it, give it with --executable or --sysroot")))
            return isNamed ? file : nil
        }
    }

    private func likeness(
        _ bytes: ImageBytes, _ layout: ELFLayout, _ parts: [Mapping]
    ) -> Likeness {
        if let identity = layout.buildID(in: bytes) {
            guard let held = held(identity.offset, identity.bytes.count, parts) else {
                return .unknown
            }
            return held == identity.bytes ? .same : .other
        }
        let size = min(Self.headerSize, Int(clamping: bytes.count))
        guard let held = held(0, size, parts), let header = bytes.copy(0, UInt64(size)) else {
            return .unknown
        }
        return held == header ? .alike : .other
    }

    /// What memory says lies at an offset of a file.
    private func held(_ offset: UInt64, _ count: Int, _ parts: [Mapping]) -> [UInt8]? {
        for part in parts where !part.isWritable {
            guard offset >= part.fileOffset, offset - part.fileOffset < part.size else { continue }
            let (start, overflow) = part.start.addingReportingOverflow(offset - part.fileOffset)
            if !overflow, let bytes = memory.copy(Address(start), count: count) { return bytes }
        }
        return nil
    }
}

/// By what a file that has not been changed can be told.
struct FileStamp: Hashable {
    /// `st_dev`, `st_ino`, `st_size`.
    var device: UInt64
    var inode: UInt64
    var size: UInt64
    /// `st_mtim` and `st_ctim`, in nanoseconds.
    var modified: Int64
    var changed: Int64

    init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    /// What fstat(2) says.
    init?(descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = UInt64(clamping: status.st_size)
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }
}
