public import AttachReport

/// One look at a process or a core file, from its number or name to a report.
///
///     let report = try Inspection(of: .process(4242)).report()
///     for finding in report.findings { print(finding.message) }
///
/// The work is done in a process of its own, which gives up its privileges before it interprets
/// foreign bytes, and which ends with this one. `Session` says what that asks of this process.
public struct Inspection: Sendable {
    /// What is looked at.
    public enum Source: Hashable, Sendable {
        /// A running process, by its pid.
        case process(Int32)
        /// A core file, by its path.
        case coreFile(String, CoreFileOptions = CoreFileOptions())
    }

    let source: Source
    let options: InspectionOptions

    /// A look that is still to be taken.
    public init(of source: Source, options: InspectionOptions = InspectionOptions()) {
        self.source = source
        self.options = options
    }

    /// Takes the look.
    ///
    /// - Throws: when there can be no report; whatever else is missing is a gap in it.
    public func report() throws(InspectionError) -> Report {
        switch source {
        case .process(let pid):
            var session = Session(of: pid, options: options)
            return try session.look()
        case .coreFile(let path, let files):
            return try Self.report(onCore: path, files, options)
        }
    }

    private static func report(
        onCore path: String, _ files: CoreFileOptions, _ options: InspectionOptions
    ) throws(InspectionError) -> Report {
        let deadline = Clock.monotonic() + options.timeout
        let reader: HelperProcess
        do {
            reader = try HelperProcess { channel in
                Self.answer(channel, core: path, files, options, deadline: deadline)
            }
        } catch {
            throw InspectionError(error)
        }
        let message: Channel.Message
        do {
            message = try reader.channel.receive(deadline: deadline)
        } catch {
            guard error == .closed else { throw InspectionError(error) }
            throw .workerFailed(signal: reader.end())
        }
        switch SessionMessage(rawValue: message.kind) {
        case .report:
            if let report = try? BinaryDecoder.decode(Report.self, from: message.body) {
                return report
            }
        case .refused:
            if let error = try? BinaryDecoder.decode(CoreFileError.self, from: message.body) {
                throw .core(error)
            }
        default: break
        }
        throw .workerFailed(signal: 0)
    }

    /// What the other process does.
    private static func answer(
        _ channel: consuming Channel, core path: String, _ files: CoreFileOptions,
        _ options: InspectionOptions, deadline: Int64
    ) {
        let start = Clock.monotonic()
        do {
            let capture = try CoreReader.read(path, options: files)
            var analysis = Analysis(confinedFor: capture, options: options)
            let report = analysis.report(on: capture, since: start)
            guard let body = try? BinaryEncoder.encode(report) else { return }
            try? channel.send(SessionMessage.report.rawValue, body, deadline: deadline)
        } catch {
            guard let body = try? BinaryEncoder.encode(error) else { return }
            try? channel.send(SessionMessage.refused.rawValue, body, deadline: deadline)
        }
    }
}
