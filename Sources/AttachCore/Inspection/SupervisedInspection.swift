public import AttachReport

extension Inspection {
    /// A report, in the process that made it.
    public struct Outcome: Sendable {
        /// The report.
        public let report: Report
        /// What each part of the work took, in order.
        public let times: PhaseTimings
        /// What was fetched from debuginfod, in a line for the person; nil for nothing.
        public let remark: String?
    }

    /// Takes the look in a process of its own, and hands the report over there: a report of a
    /// million tasks need not pass from process to process then.
    ///
    /// This process must have one thread only. While it waits it blocks SIGINT, SIGTERM, SIGHUP
    /// and SIGQUIT, and ends the other one if one of them comes.
    ///
    /// - Parameter deliver: What the other process does with the report, or with the reason why
    ///   there is none; what it returns becomes the exit status.
    /// - Throws: when there can be no other process.
    public func run(
        _ deliver: (Result<Outcome, InspectionError>) -> Int32
    ) throws(AttachError) -> SupervisedOutcome {
        try supervised { progress, start in
            do throws(InspectionError) {
                let capture = try self.capture(progress)
                var analysis = Analysis(confinedFor: capture, options: options)
                let report = analysis.report(on: capture, since: start)
                return deliver(
                    .success(
                        Outcome(
                            report: report, times: analysis.times, remark: analysis.remark)))
            } catch {
                return deliver(.failure(error))
            }
        }
    }

    /// The same for a capture. Where something in it looks stuck, the process is watched for as
    /// long as the options say, and the capture tells what has not moved.
    public func runCapture(
        _ deliver: (Result<Capture, InspectionError>) -> Int32
    ) throws(AttachError) -> SupervisedOutcome {
        try supervised { progress, start in
            do throws(InspectionError) {
                var capture = try self.capture(progress)
                capture.stillness = Analysis.stillness(of: capture, since: start, options)
                return deliver(.success(capture))
            } catch {
                return deliver(.failure(error))
            }
        }
    }

    private func capture(
        _ progress: SupervisedChild.ProgressReport
    ) throws(InspectionError) -> Capture {
        switch source {
        case .process(let pid):
            do {
                return try LiveCapture.take(pid: pid, limits: options.limits) { progress($0) }
            } catch {
                throw .attach(error)
            }
        case .coreFile(let path, let files):
            do {
                return try CoreReader.read(path, options: files)
            } catch {
                throw .core(error)
            }
        }
    }

    private func supervised(
        _ body: (SupervisedChild.ProgressReport, _ start: Int64) -> Int32
    ) throws(AttachError) -> SupervisedOutcome {
        var deadlines = SupervisedChild.Deadlines()
        deadlines.total = options.timeout
        deadlines.stop = options.stopTime
        let start = Clock.monotonic()
        let outcome = try SupervisedChild.run(deadlines: deadlines) { body($0, start) }
        // A knot with the target's exec was cut by ending the other process; once more, then, if
        // there is time for it.
        let left = options.timeout - (Clock.monotonic() - start)
        guard outcome == .stopTimeout, left > deadlines.stop else { return outcome }
        deadlines.total = left
        return try SupervisedChild.run(deadlines: deadlines) { body($0, Clock.monotonic()) }
    }
}
