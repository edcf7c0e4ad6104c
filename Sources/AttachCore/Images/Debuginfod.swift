import AttachReport
import CElf
import Glibc

/// Fetches debug files from debuginfod servers, where the user has named some: `DEBUGINFOD_URLS` in
/// our own environment. What the target has in its environment is never looked at.
struct Debuginfod {
    /// Files for which one was fetched.
    private(set) var fetched: [String] = []
    /// Files that no server has one for.
    private(set) var unknown: [String] = []
    /// Files that could not be asked for, and why that failed first.
    private(set) var unanswered: [String] = []
    private(set) var failure: String?

    private let patience: Int64
    private let deadline: Int64

    /// Whether the user has named servers.
    static var isConfigured: Bool {
        guard let urls = unsafe getenv("DEBUGINFOD_URLS") else { return false }
        return unsafe String(cString: urls).contains { !$0.isWhitespace }
    }

    /// - Parameter patience: nanoseconds for all questions together.
    init(patience: Int64) {
        self.patience = patience
        deadline = Clock.monotonic() + patience
    }

    /// The debug file of this build ID, which `name` has. Whoever does not answer once is not asked
    /// again.
    mutating func candidate(for buildID: [UInt8], name: String) -> DebugFileCandidate? {
        guard failure == nil else {
            unanswered.append(name)
            return nil
        }
        let left = max(0, deadline - Clock.monotonic()) / 1_000_000
        var answer = [CChar](repeating: 0, count: 4096)
        let result = unsafe answer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return EINVAL }
            return unsafe ce_find_debug_file(
                hexadecimal(buildID), UInt32(clamping: left), start, buffer.count)
        }
        let text = String(
            decoding: answer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        switch result {
        case 0:
            guard let file = try? OpenFile(regular: text) else { break }
            fetched.append(name)
            return DebugFileCandidate(
                file: file, record: DebugFileRecord(path: text, foundBy: .debuginfod))
        case ENOENT: break
        case ETIMEDOUT:
            unanswered.append(name)
            failure = "no answer from DEBUGINFOD_URLS within \(patience / 1_000_000_000) s"
            return nil
        default:
            unanswered.append(name)
            failure = text.isEmpty ? SystemError(errno: result).words : text
            return nil
        }
        unknown.append(name)
        return nil
    }

    /// What a person should know of it, in a line; nil where nothing was asked for.
    var remark: String? {
        var parts: [String] = []
        if !fetched.isEmpty { parts.append("debug files of \(fetched.joined(separator: ", "))") }
        if !unknown.isEmpty { parts.append("none for \(unknown.joined(separator: ", "))") }
        return parts.isEmpty ? nil : "debuginfod has " + parts.joined(separator: "; ")
    }

    /// What is missing because of it.
    var gap: Gap? {
        failure.map {
            Gap(
                .debugFiles(of: unanswered), reason: .noSymbols,
                detail: "debuginfod: \($0)")
        }
    }
}
