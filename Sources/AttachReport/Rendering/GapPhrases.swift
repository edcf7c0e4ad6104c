extension Gap.Subject {
    /// What is missing, as a message says it, e.g. `thread 4250` or `context chain of task 7`. Not
    /// escaped: it may hold paths.
    public var phrase: String {
        switch self {
        case .thread(let id): "thread \(id)"
        case .threads: "threads"
        case .stack(let id): "stack of thread \(id)"
        case .memory: "memory"
        case .residency: "which pages are resident"
        case .coreFile: "core file"
        case .captureNote: "notes of asyncattach"
        case .file(let path): "file \(path)"
        case .mappedFiles: "mapped files"
        case .furtherMappedFiles: "further mapped files"
        case .symbols(let path): "symbols of \(path)"
        case .lines(let path): "lines of \(path)"
        case .debugFiles(let names): "debug files of \(names.joined(separator: ", "))"
        case .debugFolder(let path): "debug files in \(path)"
        case .furtherDebugFiles: "further debug files"
        case .runtime: "Swift runtime"
        case .tasks: "tasks"
        case .task(let part, of: let id?): "\(part.phrase) of task \(id)"
        case .task(let part, of: nil): part.phrase
        case .actors: "actors"
        case .actor: "actor"
        }
    }
}

extension Gap.TaskPart {
    fileprivate var phrase: String {
        switch self {
        case .awaitedTask: "awaited task"
        case .children: "child tasks"
        case .contextChain: "context chain"
        case .group: "task group"
        case .name: "name"
        case .statusRecords: "status records"
        case .thread: "thread"
        }
    }
}
