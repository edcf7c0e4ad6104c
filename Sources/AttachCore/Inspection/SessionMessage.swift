import AttachReport

/// What the processes of a session say to each other.
enum SessionMessage: UInt8 {
    /// Look at the process. To the stopper.
    case look = 0x4c
    /// From now on threads of the target may be stopped. From the stopper.
    case stopping = 0x53
    /// From now on none is. From the stopper.
    case released = 0x52
    /// A report, in the form of `BinaryEncoder`. From the worker, through the stopper.
    case report = 0x41
    /// There is no capture; the body says why (`AttachError`). From the stopper.
    case refused = 0x46
    /// There is no answer of the worker; the body says why (`WorkerEnd`). From the stopper.
    case workerEnded = 0x57
    /// A capture (`CapturePackage`) and its files. To the worker.
    case capture = 0x43
}

/// How a look is to be taken.
struct LookRequest: Codable {
    /// Nanoseconds that everything may take.
    var timeout: Int64
}

/// How a worker has ended that gave no answer.
struct WorkerEnd: Codable {
    /// It took too long, and was ended.
    var isLate: Bool
    /// The signal that ended it; 0 for none.
    var signal: Int32
}
