import AttachReport
import CCompression
import CLinux
import Glibc

/// Turns a core file into a `Capture`.
public enum CoreReader {
    /// Reads the core file of this name: of the kernel, of gcore, of systemd-coredump, or one that
    /// `CoreWriter` wrote; compressed or not, from a file or a pipe, `-` being standard input.
    ///
    /// The files that were mapped are opened, too, so that no privilege is needed any more
    /// afterwards. The capture keeps the core file mapped.
    ///
    /// - Throws: when there can be no capture; whatever else is missing is a gap in it.
    public static func read(
        _ path: String, options: CoreFileOptions = CoreFileOptions()
    ) throws(CoreFileError) -> Capture {
        let opened = try open(path)
        var gaps = opened.gaps
        let file: OpenFile
        if let kind = Expansion.kind(of: opened.file) {
            let expanded = try Expansion.expand(opened.file, kind: kind, path: path)
            file = expanded.file
            gaps += expanded.gaps
        } else {
            file = opened.file
        }
        let bytes: ImageBytes
        let layout: ELFLayout
        do {
            bytes = try ImageBytes(mapping: file.descriptor)
            layout = try ELFLayout(bytes, segmentLimit: CoreMappings.limit)
        } catch {
            throw Self.failure(error, path)
        }
        guard layout.type == ELFLayout.core else {
            throw .notACore(path: path, what: what(layout.type))
        }
        guard let architecture = Architecture(elfMachine: layout.machine) else {
            throw .notSupported(path: path, what: "of CPU type \(layout.machine)")
        }
        let notes = CoreNotes(bytes, layout: layout)
        let threads = CoreThreads(notes, architecture: architecture)
        guard !threads.threads.isEmpty else {
            throw .damaged(
                path: path,
                what: notes.areCut
                    ? "it is cut off before its first thread" : "it names no thread")
        }
        if notes.areCut {
            gaps.append(
                Gap(
                    .threads, reason: .shortRead,
                    detail: "the core file is cut off within its notes"))
        }
        var own: CaptureNote?
        if let note = notes.first(CaptureNote.owner, CaptureNote.type) {
            own = try? CaptureNote(note)
            if own == nil {
                gaps.append(
                    Gap(
                        .captureNote, reason: .inconsistent,
                        detail: "it is read like any other core file"))
            }
        }
        let list = notes.first("CORE", fileList).map(CoreFileList.init)
        let space = CoreMappings(
            bytes, layout: layout, files: list?.entries ?? [],
            holes: FileHoles(file.descriptor, size: bytes.count), expectsAll: own == nil)
        if list == nil || list?.isDamaged == true {
            gaps.append(
                Gap(
                    .mappedFiles, reason: list == nil ? .noSymbols : .inconsistent,
                    detail: list == nil
                        ? "the core file does not list them" : "their list makes no sense"))
        }
        let parts = CoreParts(
            architecture: architecture, process: CoreProcess(notes), threads: threads,
            space: space, gaps: gaps + threads.gaps + space.gaps, time: opened.modified,
            bytes: bytes)
        guard let own else { return try parts.capture(options) }
        var capture = try parts.capture(own, options)
        if let note = notes.first(CaptureNote.owner, StillnessNote.type) {
            if let note = try? StillnessNote(note) {
                capture.stillness = note.stillness
            } else {
                capture.gaps.append(
                    Gap(
                        .captureNote, reason: .inconsistent,
                        detail: "that of what had not moved is passed over"))
            }
        }
        return capture
    }

    private static let fileList: UInt32 = 0x4649_4c45  // NT_FILE, linux/elf.h

    private static func open(
        _ path: String
    ) throws(CoreFileError) -> (file: OpenFile, gaps: [Gap], modified: Int64) {
        // A pipe that nobody writes to is empty, and nothing to wait for.
        var file: OpenFile
        let status: stat
        do throws(SystemError) {
            let opened =
                path == "-"
                ? try FileDescriptor(cl_duplicate(0))
                : try FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            status = try opened.status()
            file = OpenFile(opened)
        } catch {
            throw .file(path: path, errno: error.errno)
        }
        var gaps: [Gap] = []
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .notACore(path: path, what: "a folder")
        case S_IFIFO:
            (file, gaps) = try Expansion.copy(pipe: file, path: path)
        default: throw .notACore(path: path, what: "a device or socket")
        }
        return (
            file, gaps,
            Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        )
    }

    private static func failure(_ failure: FileFailure, _ path: String) -> CoreFileError {
        switch failure {
        case .system(let errno): .file(path: path, errno: errno)
        case .empty: .notACore(path: path, what: "an empty file")
        case .notRegular, .notELF: .notACore(path: path, what: failure.description)
        case .malformed(let what): .damaged(path: path, what: what)
        }
    }

    private static func what(_ type: UInt16) -> String {
        switch type {
        case 1: "an object file"
        case 2, 3: "a program or library"
        default: "an ELF file of type \(type)"
        }
    }
}
