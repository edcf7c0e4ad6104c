import ArgumentParser
import AttachCore
import Glibc

/// Which process a word on the command line means: a pid, or the exact name of a process that
/// no other one bears.
struct TargetSelection: ExpressibleByArgument {
    /// The word as it was given.
    let word: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        word = argument
    }

    /// Why no process is meant.
    enum Failure: Error {
        /// No process bears the name; perhaps this one was meant.
        case nobody(String, meant: String?)
        /// Several do.
        case several(String, [Int32])
        /// A number that cannot be a pid.
        case notAPID(String)
    }

    /// The pid.
    func pid() throws(Failure) -> Int32 {
        if let number = Int64(word) {
            guard let pid = Int32(exactly: number), pid > 0 else { throw .notAPID(word) }
            return pid
        }
        var others: Set<String> = []
        let pids = Self.processes(named: word, others: &others)
        guard let first = pids.first else {
            throw .nobody(word, meant: Similarity.nearest(to: word, of: others))
        }
        guard pids.count == 1 else { throw .several(word, pids) }
        return first
    }

    private static func processes(named name: String, others: inout Set<String>) -> [Int32] {
        var pids: [Int32] = []
        for pid in (try? ProcessSurvey.pids()) ?? [] where pid != getpid() {
            let names = names(of: pid)
            if names.contains(name) { pids.append(pid) }
            others.formUnion(names)
        }
        return pids
    }

    /// What it calls itself (`comm`, cut by the kernel after 15 bytes), and the file name of its
    /// executable.
    private static func names(of pid: Int32) -> [String] {
        var names: [String] = []
        if let file = unsafe fopen("/proc/\(pid)/comm", "r") {
            defer { unsafe fclose(file) }
            var line = [UInt8](repeating: 0, count: 64)
            let count = unsafe fread(&line, 1, line.count, file)
            names.append(String(decoding: line[..<count].prefix { $0 != 0x0a }, as: UTF8.self))
        }
        var path = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/\(pid)/exe", &path, path.count)
        if length > 0 {
            let bytes = path[..<length].map { UInt8(bitPattern: $0) }
            let name = bytes.split(separator: UInt8(ascii: "/")).last ?? []
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }
}

extension TargetSelection.Failure {
    /// What is wrong, and the way out.
    var words: String {
        switch self {
        case .nobody(let name, let meant?):
            "no process is called \(name); did you mean \(meant)?"
        case .nobody(let name, nil):
            "no process is called \(name); give its pid, or the exact file name of its executable"
        case .several(let name, let pids):
            "\(pids.count) processes are called \(name); give one of the pids: "
                + pids.prefix(8).map(String.init).joined(separator: " ")
                + (pids.count > 8 ? " …" : "")
        case .notAPID(let word): "\(word) is not a pid; pids are whole numbers from 1"
        }
    }
}
