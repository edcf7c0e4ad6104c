import AttachReport

/// The process of a session that makes reports of captures. It is confined: all it has is what it
/// was born with, and what the stopper sends.
struct SessionWorker: ~Copyable {
    private let channel: Channel
    private let first: Capture
    private var analysis: Analysis

    /// Nanoseconds for an answer to be sent.
    private static let sendTime: Int64 = 60_000_000_000

    /// A worker that begins with this capture; `channel` leads to the stopper.
    init(
        _ first: Capture, debugFiles: DebugFiles, options: InspectionOptions,
        channel: consuming Channel
    ) {
        self.channel = channel
        self.first = first
        analysis = Analysis(options: options, debugFiles: debugFiles)
    }

    /// Reports on the first capture and on every one that comes, until nobody asks any more.
    mutating func run() {
        answer(analysis.report(on: first, since: Clock.monotonic()))
        while true {
            do throws(Channel.Failure) {
                var message = try channel.receive(deadline: .max)
                let start = Clock.monotonic()
                guard message.kind == SessionMessage.capture.rawValue,
                    let package = try? BinaryDecoder.decode(
                        CapturePackage.self, from: message.body),
                    let capture = package.unpack(after: first, files: message.takeFiles())
                else { return }
                answer(analysis.report(on: capture, since: start))
            } catch {
                return
            }
        }
    }

    private func answer(_ report: Report) {
        guard let body = try? BinaryEncoder.encode(report) else { return }
        try? channel.send(
            SessionMessage.report.rawValue, body, deadline: Clock.monotonic() + Self.sendTime)
    }
}
