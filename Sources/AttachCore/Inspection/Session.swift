public import AttachReport

/// Many looks at one process, each cheaper than the first: its files, its symbols and what they
/// call the places in its code are read once.
///
///     var session = Session(of: 4242)
///     while true {
///         let report = try session.look()
///         …
///     }
///
/// Two processes do the work, and end with this value or with this process: a *stopper*, which has
/// the right to attach and decodes nothing, and a *worker* without privileges, which decodes
/// everything. When one of them dies or takes too long, that look throws, the target runs on, and
/// the next look starts it anew.
///
/// The stopper is forked from this process and runs Swift code. With other threads in this process
/// that works as long as none of them holds a lock of the allocator's or of the Swift runtime's at
/// that moment; otherwise the look ends with `InspectionError.late`. Nothing else of this process
/// is changed: no signal, no scheduling, no descriptor.
public struct Session: ~Copyable {
    private let pid: Int32
    private let options: InspectionOptions
    private var stopper: Stopper?

    /// A session with a process. Nothing happens to it before the first look.
    public init(of pid: Int32, options: InspectionOptions = InspectionOptions()) {
        self.pid = pid
        self.options = options
    }

    /// Looks at the process: stops it for a moment, and reports what it was doing.
    ///
    /// - Throws: when there can be no report; whatever else is missing is a gap in it.
    public mutating func look() throws(InspectionError) -> Report {
        if stopper == nil { stopper = try Stopper(pid: pid, options: options) }
        do throws(InspectionError) {
            // Not a force unwrap: it was made above.
            guard let report = try stopper?.look(options) else { throw .workerFailed(signal: 0) }
            return report
        } catch {
            // A process that cannot be attached to now may be another time, by the same stopper.
            switch error {
            case .attach, .workerFailed: break
            default: stopper = nil
            }
            throw error
        }
    }

    /// The pid of the stopper; nil before the first look.
    var stopperID: Int32? {
        switch stopper {
        case .some(let stopper): stopper.process.pid
        case .none: nil
        }
    }

    /// The stopper, seen from here.
    private struct Stopper: ~Copyable {
        let process: HelperProcess

        init(pid: Int32, options: InspectionOptions) throws(InspectionError) {
            do {
                process = try HelperProcess { channel in
                    var stopper = SessionStopper(pid: pid, options: options, host: channel)
                    stopper.run()
                }
            } catch {
                throw InspectionError(error)
            }
        }

        func look(_ options: InspectionOptions) throws(InspectionError) -> Report {
            let start = Clock.monotonic()
            let request = LookRequest(timeout: options.timeout)
            do throws(Channel.Failure) {
                guard let body = try? BinaryEncoder.encode(request) else { throw .malformed }
                try process.channel.send(
                    SessionMessage.look.rawValue, body, deadline: start + options.timeout)
            } catch {
                throw InspectionError(error)
            }
            // The stopper answers in time even where its worker does not.
            let end = start + options.timeout + Self.grace
            var stopEnd: Int64?
            while true {
                let message: Channel.Message
                do throws(Channel.Failure) {
                    message = try process.channel.receive(deadline: min(end, stopEnd ?? .max))
                } catch {
                    if error == .late, let stopEnd, stopEnd < end { throw .stopLate }
                    throw InspectionError(error)
                }
                switch SessionMessage(rawValue: message.kind) {
                case .stopping: stopEnd = Clock.monotonic() + options.stopTime
                case .released: stopEnd = nil
                case .report: return try Self.decoded(message.body)
                case .refused: throw .attach(try Self.decoded(message.body))
                case .workerEnded:
                    let end: WorkerEnd = try Self.decoded(message.body)
                    throw end.isLate ? .late : .workerFailed(signal: end.signal)
                case .look, .capture, nil: throw .stopperFailed
                }
            }
        }

        /// Nanoseconds for the stopper to say that its worker is late.
        private static let grace: Int64 = 2_000_000_000

        private static func decoded<Value: Decodable>(
            _ body: [UInt8]
        ) throws(InspectionError) -> Value {
            guard let value = try? BinaryDecoder.decode(Value.self, from: body) else {
                throw .workerFailed(signal: 0)
            }
            return value
        }
    }
}
