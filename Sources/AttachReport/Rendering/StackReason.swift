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
        let shown = frames.filter { frame in
            frame.folding == nil && frame.address != nil
                && (frame.function != nil || frame.symbol != nil)
        }
        // The standard library carries no lines, and what of it was specialised into the
        // executable carries the executable's name: lines tell better, where there are any.
        let own =
            shown.firstIndex { ($0.location?.line ?? 0) > 0 }
            ?? shown.firstIndex { frame in
                frame.image != nil && frame.image == executable
                    && !(frame.function ?? "").hasPrefix("with")
            } ?? shown.indices.first
        guard let own else { return nil }
        function = Self.name(of: shown[own])
        if let location = shown[own].location, location.line > 0 {
            place = "\(Self.lastComponent(of: location.file)):\(location.line)"
        } else if let image = shown[own].image {
            place = "\(image)"
        } else {
            place = ""
        }
        callee = own > 0 ? Self.baseName(of: shown[own - 1]) : nil
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

    /// The file name of a path.
    static func lastComponent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        let name = path[path.utf8.index(after: slash)...]
        return name.isEmpty ? path : String(name)
    }
}
