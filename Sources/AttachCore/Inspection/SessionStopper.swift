import AttachReport

/// The process of a session that has the right to attach: it captures the target and hands the
/// capture to a worker, which it starts anew where that has ended, or where the target has other
/// files mapped. It decodes nothing that the target has written.
struct SessionStopper: ~Copyable {
    private let pid: Int32
    private let options: InspectionOptions
    private let host: Channel
    private var worker: Worker?
    /// When the process started that the session is about.
    private var started: Double?

    /// A worker, and what it knows.
    private struct Worker: ~Copyable {
        let process: HelperProcess
        /// What was mapped of files when it was started.
        let mapped: [Mapping]
    }

    /// `host` leads to the process that wants the reports.
    init(pid: Int32, options: InspectionOptions, host: consuming Channel) {
        self.pid = pid
        self.options = options
        self.host = host
    }

    /// Looks whenever it is asked to, until nobody is there to ask.
    mutating func run() {
        while true {
            do throws(Channel.Failure) {
                let message = try host.receive(deadline: .max)
                guard message.kind == SessionMessage.look.rawValue,
                    let request = try? BinaryDecoder.decode(LookRequest.self, from: message.body)
                else { break }
                try look(request)
            } catch {
                break
            }
        }
    }

    private mutating func look(_ request: LookRequest) throws(Channel.Failure) {
        let deadline = Clock.monotonic() + request.timeout
        let capture: Capture
        do {
            capture = try take()
        } catch {
            let body = (try? BinaryEncoder.encode(error)) ?? []
            return try host.send(SessionMessage.refused.rawValue, body, deadline: deadline)
        }
        let answer: [UInt8]
        do throws(Channel.Failure) {
            answer = try analysed(capture, deadline: deadline)
        } catch {
            // Whatever is wrong with the worker, the next look gets another one.
            var signal: Int32 = 0
            if let failed = worker.take() { signal = failed.process.end() }
            let body =
                (try? BinaryEncoder.encode(
                    WorkerEnd(
                        isLate: error == .late, signal: error == .closed ? signal : 0))) ?? []
            return try host.send(
                SessionMessage.workerEnded.rawValue, body,
                deadline: Clock.monotonic() + Self.lastWords)
        }
        try host.send(SessionMessage.report.rawValue, answer, deadline: deadline)
    }

    /// Nanoseconds for a short message when the time for a look is over.
    private static let lastWords: Int64 = 1_000_000_000

    private mutating func take() throws(AttachError) -> Capture {
        var limits = options.limits
        limits.isShared = true
        let capture = try LiveCapture.take(pid: pid, limits: limits) { progress in
            try? host.send(
                progress.rawValue, deadline: Clock.monotonic() + Self.lastWords)
        }
        // The pid may have come to name another process meanwhile.
        if let started, capture.process.startTime != started { throw .ended(pid: pid) }
        started = capture.process.startTime
        return capture
    }

    /// What the worker makes of a capture.
    private mutating func analysed(
        _ capture: Capture, deadline: Int64
    ) throws(Channel.Failure) -> [UInt8] {
        let mapped = SessionKnowledge.mapped(of: capture)
        if let known = worker.take() {
            if known.mapped == mapped, let packed = CapturePackage.pack(capture),
                let body = try? BinaryEncoder.encode(packed.package)
            {
                worker = consume known
                try worker?.process.channel.send(
                    SessionMessage.capture.rawValue, body, files: packed.files,
                    deadline: deadline)
            }
        }
        if worker == nil { worker = try start(with: capture, mapped: mapped) }
        guard let message = try worker?.process.channel.receive(deadline: deadline),
            message.kind == SessionMessage.report.rawValue
        else { throw .malformed }
        return message.body
    }

    /// A worker that has this capture to begin with.
    private func start(
        with capture: Capture, mapped: [Mapping]
    ) throws(Channel.Failure) -> Worker {
        // Opened while there is the right to open them.
        let debugFiles = DebugFiles(of: capture, options: options.debugFiles)
        let process = try HelperProcess { channel in
            host.closeHere()
            SupervisedChild.confine(
                memoryBytes: InspectionOptions.memoryLimit(for: capture), seconds: 0)
            var worker = SessionWorker(
                capture, debugFiles: debugFiles, options: options, channel: channel)
            worker.run()
        }
        return Worker(process: process, mapped: mapped)
    }
}
