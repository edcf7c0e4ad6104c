/// The line of a stack that a person looks for first: the innermost function of the program's own,
/// and what it called.
struct StackReason {
    /// The function.
    let function: PageText
    /// Its line, or where there is none its image.
    let place: PageText
    /// The outermost function below it that is not the program's own.
    let callee: PageText?

    /// For the first of a finding's subjects that has a stack.
    init?(_ finding: Finding, index: SnapshotIndex) {
        for subject in finding.subjects {
            if let reason = StackReason(subject, index: index) {
                self = reason
                return
            }
        }
        return nil
    }

    /// For a task or a thread.
    init?(_ subject: Subject, index: SnapshotIndex) {
        switch subject {
        case .task(let id), .continuation(of: let id):
            guard let task = index.task(id) else { return nil }
            self.init(task.frames, executable: index.executable)
        case .thread(let id):
            guard let thread = index.thread(id) else { return nil }
            self.init(thread.frames, executable: index.executable)
        default: return nil
        }
    }

    private init?(_ frames: [Frame], executable: String?) {
        guard let own = frames.ownFrame(executable: executable) else { return nil }
        function = Self.name(of: frames[own])
        if let location = frames[own].location, location.line > 0 {
            place = "\(location.file.lastPathComponent):\(location.line)"
        } else if let image = frames[own].image {
            place = "\(image)"
        } else {
            place = ""
        }
        callee = frames[..<own].last(where: \.isShown).map(Self.baseName)
    }

    private static func name(of frame: Frame) -> PageText {
        "\(frame.function ?? frame.symbol ?? "")"
    }

    /// The name without type arguments and parameters, which say little of a library's function.
    private static func baseName(of frame: Frame) -> PageText {
        let name = frame.function ?? frame.symbol ?? ""
        var previous: Character = " "
        let base = name.prefix { character in
            defer { previous = character }
            return
                !((character == "<" || character == "(")
                && (previous.isLetter || previous.isNumber))
        }
        return "\(String(base))"
    }
}
