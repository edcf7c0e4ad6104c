import AttachReport

/// Every process there is, seen from outside: nothing is stopped, and no memory is read.
///
/// Program files are opened, each once, and not read: what is in them was chosen by whoever runs
/// them, so that they are for a reader without privileges.
public struct ProcessSurvey: Sendable {
    /// One process.
    struct Entry: Sendable {
        /// What is known of it so far.
        var listing: ProcessListing
        /// What keeps us from attaching to it; nil for nothing.
        var failure: AttachError?
        /// Its executable, as a number in `files`.
        var program: Int?
        /// What else is mapped to be executed: paths, with numbers in `files` where they could be
        /// opened.
        var libraries: [(path: String, file: Int?)] = []
    }

    /// The processes by pid.
    private(set) var entries: [Entry] = []
    /// Files that are mapped into them. They stay open, so that no device and inode come to mean
    /// another file meanwhile.
    private(set) var files: [OpenFile] = []
    private var programs: [FileIdentity: Int] = [:]
    private var mapped: [MappedIdentity: Int] = [:]

    /// Looks at all processes but ourselves and our parent. Those that end meanwhile are left out,
    /// and so are threads of the kernel.
    ///
    /// - Throws: where `/proc` itself cannot be read.
    public static func take() throws(AttachError) -> ProcessSurvey {
        var survey = ProcessSurvey()
        for pid in try pids() { survey.add(pid) }
        survey.programs = [:]
        survey.mapped = [:]
        return survey
    }

    /// The pids of all processes that we are shown, in order.
    public static func pids() throws(AttachError) -> [Int32] {
        try ProcessDirectory.all().sorted()
    }

    private mutating func add(_ pid: Int32) {
        do {
            let directory = try ProcessDirectory(pid: pid)
            var entry = Entry(listing: Self.listing(directory))
            do {
                let target = try TargetCheck.check(directory)
                if let cause = PermissionDiagnosis.obstacle(to: directory, thread: target.handle) {
                    entry.failure = .notPermitted(pid: pid, cause: cause)
                }
                try look(at: directory, thread: target.handle, &entry)
            } catch {
                switch error {
                case .noSuchProcess, .ended, .ourselves, .kernelThread: return
                default: entry.failure = error
                }
            }
            entries.append(entry)
        } catch {
            if case .noSuchProcess = error { return }
            entries.append(Entry(listing: ProcessListing(pid: pid, name: ""), failure: error))
        }
    }

    private static func listing(_ directory: borrowing ProcessDirectory) -> ProcessListing {
        let stat = (try? directory.contents(of: "stat")).flatMap(ThreadStat.init)
        let status = ProcessStatus(directory.text(of: "status") ?? "")
        return ProcessListing(
            pid: directory.pid, namespacePIDs: Array(status.namespaceIDs.dropFirst()),
            name: stat?.name ?? "", threads: status.threads)
    }

    private mutating func look(
        at directory: borrowing ProcessDirectory, thread: Int32, _ entry: inout Entry
    ) throws(AttachError) {
        let path = directory.destination(of: "task/\(thread)/exe")
        entry.listing.executable = path
        let program = openProgram(directory, thread: thread)
        entry.program = program?.number

        let mappings = Mapping.parse(try directory.required("task/\(thread)/maps"))
        var seen: Set<MappedIdentity> = []
        let libraries = mappings.filter {
            guard $0.isExecutable, $0.isFile, seen.insert($0.identity).inserted else {
                return false
            }
            return $0.path != path || $0.inode != program?.identity.inode
        }
        open(libraries.filter { mapped[$0.identity] == nil }, of: directory, thread: thread)
        for library in libraries {
            entry.libraries.append((library.path, mapped[library.identity]))
        }
    }

    /// The kernel's link leads to the file that is run, whatever has become of its name.
    private mutating func openProgram(
        _ directory: borrowing ProcessDirectory, thread: Int32
    ) -> (identity: FileIdentity, number: Int)? {
        guard let file = try? directory.open("task/\(thread)/exe"),
            let identity = FileIdentity(descriptor: file.number)
        else { return nil }
        if let known = programs[identity] { return (identity, known) }
        programs[identity] = files.count
        files.append(OpenFile(file))
        return (identity, files.count - 1)
    }

    private mutating func open(
        _ mappings: [Mapping], of directory: borrowing ProcessDirectory, thread: Int32
    ) {
        guard !mappings.isEmpty else { return }
        // A file that cannot be opened is told by having no number.
        var gaps: [Gap] = []
        let opened = MappedFiles.open(
            mappings, of: directory, thread: thread, root: TargetRoot(directory, thread: thread),
            gaps: &gaps)
        for opened in opened {
            guard let file = opened.file, opened.isCertain else { continue }
            mapped[MappedIdentity(opened.device, opened.inode)] = files.count
            files.append(file)
        }
    }
}
