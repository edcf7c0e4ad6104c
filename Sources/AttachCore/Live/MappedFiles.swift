import AttachReport
import Glibc

/// Opens the files that are mapped into a process: those very files, not whatever bears their
/// names now.
enum MappedFiles {
    /// One entry for every file with an executable mapping.
    ///
    /// The kernel's links to mapped files come first: they work for files that were deleted,
    /// replaced, or lie in another mount namespace. Without the privilege for them, the path is
    /// opened below the target's root. What is found there is the mapped file if device and inode
    /// say so. They may not, of the very file: an overlay or btrfs states one device in `maps`
    /// and another to stat(2). Then the file is uncertain, and its build ID has to decide.
    static func open(
        _ mappings: [Mapping], of directory: borrowing ProcessDirectory, thread: Int32,
        root: TargetRoot?, gaps: inout [Gap]
    ) -> [MappedFile] {
        var files: [MappedFile] = []
        var seen: Set<MappedIdentity> = []
        for mapping in mappings where mapping.isExecutable && mapping.isFile {
            guard seen.insert(mapping.identity).inserted else { continue }
            var file = MappedFile(
                path: mapping.path, device: mapping.device, inode: mapping.inode, file: nil)
            do throws(SystemError) {
                let found = try open(mapping, directory, thread, root)
                file.file = found.file
                file.isCertain = found.isCertain
            } catch {
                file.isCertain = false
                gaps.append(
                    Gap(
                        .file(mapping.path), address: Address(mapping.start),
                        reason: .noSymbols, detail: error.words))
            }
            files.append(file)
        }
        return files
    }

    private static func open(
        _ mapping: Mapping, _ directory: borrowing ProcessDirectory, _ thread: Int32,
        _ root: TargetRoot?
    ) throws(SystemError) -> (file: OpenFile, isCertain: Bool) {
        // proc_pid_map_files(5)
        let range = String(mapping.start, radix: 16) + "-" + String(mapping.end, radix: 16)
        if let link = try? directory.openRegular("map_files/\(range)") {
            return (OpenFile(link), true)
        }
        var best: (file: OpenFile, likeness: Int)?
        var failure: SystemError?
        func consider(
            atLeast least: Int, _ open: () throws(SystemError) -> FileDescriptor
        ) {
            do throws(SystemError) {
                let file = try open()
                let identity = FileIdentity(descriptor: file.number)
                let likeness =
                    identity?.mapped == mapping.identity
                    ? 2 : identity?.inode == mapping.inode ? 1 : 0
                guard likeness >= least, likeness > best?.likeness ?? -1 else { return }
                best = (OpenFile(file), likeness)
            } catch {
                failure = error
            }
        }
        for path in MappedPath.names(mapping.path) where best?.likeness != 2 {
            consider(atLeast: 0) { () throws(SystemError) in
                guard let root else { throw SystemError(errno: EACCES) }
                return try root.open(path)
            }
        }
        // The program is to be had without a name, and without a privilege.
        if best?.likeness != 2 {
            consider(atLeast: 1) { () throws(SystemError) in
                try directory.openRegular("task/\(thread)/exe")
            }
        }
        guard let best else { throw failure ?? SystemError(errno: EACCES) }
        return (best.file, best.likeness == 2)
    }

    /// What is to be read of the target's memory because it has to stand for its file: the
    /// unwritten parts of those that could not be opened or are uncertain. The beginnings come
    /// first, which hold the headers of a program, and as a rule its build ID.
    static func standIns(for files: [MappedFile], _ mappings: [Mapping]) -> [Range<UInt64>] {
        let doubtful = Set(
            files.filter { $0.file == nil || !$0.isCertain }
                .map { MappedIdentity($0.device, $0.inode) })
        var beginnings: [Range<UInt64>] = []
        var rest: [Range<UInt64>] = []
        var size: UInt64 = 0
        for mapping in mappings
        where doubtful.contains(mapping.identity) && mapping.isReadable && !mapping.isWritable
            && !mapping.isShared
        {
            var range = mapping.range
            if mapping.fileOffset == 0 {
                let end = min(
                    range.upperBound, range.lowerBound + UInt64(TargetMemory.smallestPage))
                beginnings.append(range.lowerBound..<end)
                range = end..<range.upperBound
            }
            guard size + mapping.size <= largestStandIns else { continue }
            size += mapping.size
            if !range.isEmpty { rest.append(range) }
        }
        return beginnings + rest
    }

    private static let largestStandIns: UInt64 = 256 << 20
}
