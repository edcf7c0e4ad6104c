import AttachReport

/// From captures of one process to reports on it, the same way wherever they come from.
struct Analysis {
    private let options: InspectionOptions
    private let debugFiles: DebugFiles?
    private var knowledge = SessionKnowledge()
    /// What each part of the last report took, in order.
    private(set) var times = PhaseTimings()

    /// Opens what else is to be read of a capture, and then gives up this process's privileges.
    init(confinedFor capture: Capture, options: InspectionOptions) {
        let debugFiles = DebugFiles(of: capture, options: options.debugFiles)
        SupervisedChild.confine(
            memoryBytes: InspectionOptions.memoryLimit(for: capture),
            seconds: UInt64(clamping: options.timeout / 1_000_000_000 + 1))
        self.init(options: options, debugFiles: debugFiles)
    }

    /// What was fetched from debuginfod, in a line for the person; nil for nothing.
    var remark: String? { debugFiles?.remark }

    /// - Parameter debugFiles: those of the first capture; nil to look for them then.
    init(options: InspectionOptions, debugFiles: DebugFiles?) {
        self.options = options
        self.debugFiles = debugFiles
    }

    /// The report on a capture. Where watching the process makes a suspicion surer, it is watched.
    ///
    /// - Parameter start: When the look began, in nanoseconds on the monotonic clock.
    mutating func report(on capture: Capture, since start: Int64) -> Report {
        var assembler = SnapshotAssembler(
            capture, options: options.snapshot, debugFiles: debugFiles, knowledge: knowledge)
        var snapshot = assembler.snapshot()
        knowledge = assembler.knowledge
        times = assembler.times
        var diagnosis = times.measure("diagnosis") { Diagnosis(of: snapshot) }
        if diagnosis.wantsSecondLook {
            snapshot.stillness = times.measure("watching") { [options] in
                Self.stillness(of: snapshot, capture, since: start, options)
            }
            if snapshot.stillness != nil {
                diagnosis = times.measure("second diagnosis") { Diagnosis(of: snapshot) }
            }
        }
        return Report(
            toolVersion: AttachCoreVersion.current, snapshot: snapshot, edges: diagnosis.edges,
            findings: diagnosis.findings)
    }

    /// What has not moved, until nothing is left that watching on could make surer; nil where the
    /// process cannot be watched.
    static func stillness(
        of snapshot: Snapshot, _ capture: Capture, since start: Int64,
        _ options: InspectionOptions
    ) -> Stillness? {
        guard options.patience > 0, let look = capture.secondLook else { return nil }
        // What is left of the time is for the report.
        let deadline = start + options.timeout / 10 * 9
        return look.stillness(
            of: snapshot, capture: capture, patience: options.patience, deadline: deadline
        ) { stillness in
            var seen = snapshot
            seen.stillness = stillness
            return Diagnosis(of: seen).wantsSecondLook
        }
    }

    /// The same for a capture whose report is made later; nil as well where nothing is suspected.
    /// Gives up this process's privileges.
    static func stillness(
        of capture: Capture, since start: Int64, _ options: InspectionOptions
    ) -> Stillness? {
        guard options.patience > 0 else { return nil }
        var options = options
        options.snapshot.readsLines = false
        let analysis = Analysis(confinedFor: capture, options: options)
        var assembler = SnapshotAssembler(
            capture, options: options.snapshot, debugFiles: analysis.debugFiles)
        let snapshot = assembler.snapshot()
        guard Diagnosis(of: snapshot).wantsSecondLook else { return nil }
        return stillness(of: snapshot, capture, since: start, options)
    }
}
