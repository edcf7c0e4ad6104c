import AttachReport
import CCompression
import CLinux
import Glibc

/// Puts a core file that is compressed, or comes through a pipe, into a temporary file without a
/// name.
enum Expansion {
    /// How a file is compressed; nil where it is not.
    static func kind(of file: OpenFile) -> Int32? {
        guard let head = file.bytes(at: 0, upTo: 8) else { return nil }
        let kind = unsafe cc_kind(head, head.count)
        return kind == Int32(CC_NONE) ? nil : kind
    }

    /// What came through a pipe, as far as there is room for it.
    static func copy(
        pipe: OpenFile, path: String
    ) throws(CoreFileError) -> (file: OpenFile, gaps: [Gap]) {
        do throws(CoreFileError) {
            return try expand(pipe, kind: Int32(CC_PIPE), path: path)
        } catch .damaged {
            throw .notACore(path: path, what: "an empty pipe")
        }
    }

    /// What came out, as far as it goes.
    static func expand(
        _ file: OpenFile, kind: Int32, path: String
    ) throws(CoreFileError) -> (file: OpenFile, gaps: [Gap]) {
        let (output, room) = try temporaryFile()
        var result = cc_result()
        let failure = unsafe cc_expand(
            kind, file.descriptor, output.descriptor, sizeLimit, room, memoryLimit, timeLimit,
            &result)
        switch failure {
        case 0: break
        case EBADMSG: throw .damaged(path: path, what: "it cannot be decompressed")
        case ENOEXEC: throw .notACore(path: path, what: "no ELF file")
        default: throw .file(path: path, errno: failure)
        }
        var gaps: [Gap] = []
        if result.cut != 0 {
            gaps.append(
                Gap(
                    .coreFile, reason: .shortRead,
                    detail: "its compressed form is cut short or damaged"))
        }
        if result.limited != 0 {
            gaps.append(
                Gap(
                    .coreFile, reason: .limit,
                    detail: "there is no room for all of it; set TMPDIR to where there is more"))
        }
        return (output, gaps)
    }

    /// Apparent size: most of a large process is untouched.
    private static let sizeLimit: UInt64 = 1 << 42
    /// For windows and dictionaries.
    private static let memoryLimit: UInt64 = 512 << 20
    private static let timeLimit: UInt32 = 600

    /// An empty file and how many bytes may be put into it: half of what is free there. In memory
    /// where no folder can be written.
    private static func temporaryFile() throws(CoreFileError) -> (OpenFile, UInt64) {
        var folders = ["/var/tmp", "/tmp"]
        if let wanted = unsafe getenv("TMPDIR") {
            unsafe folders.insert(String(cString: wanted), at: 0)
        }
        var failure = (folders[0], ENOENT)
        for folder in folders {
            let file: OpenFile
            do throws(SystemError) {
                file = OpenFile(try FileDescriptor(unsafe cl_open_temporary(folder)))
            } catch {
                failure = (folder, error.errno)
                continue
            }
            var system = statvfs()
            guard unsafe fstatvfs(file.descriptor, &system) == 0 else { continue }
            let free = UInt64(system.f_bavail).multipliedReportingOverflow(
                by: UInt64(system.f_frsize))
            return (file, (free.overflow ? .max : free.partialValue) / 2)
        }
        guard let file = try? FileDescriptor(cl_open_in_memory()) else {
            throw .noTemporaryFile(folder: failure.0, errno: failure.1)
        }
        return (OpenFile(file), FreeMemory.bytes() / 2)
    }
}
