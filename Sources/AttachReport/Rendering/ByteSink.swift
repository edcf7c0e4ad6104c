/// Takes the bytes of a finished page or document, a piece at a time.
///
/// A report on a million tasks is larger than anybody wants to hold in memory, so renderers hand
/// over what they have whenever it fills a piece.
public protocol ByteSink: ~Copyable {
    /// What can go wrong when writing; `Never` for memory.
    associatedtype Failure: Error

    /// Takes all of `bytes`, or throws. After a throw nothing more is written.
    mutating func write(_ bytes: Span<UInt8>) throws(Failure)
}

/// Keeps everything in memory.
public struct ByteArraySink: ByteSink, Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// Empty.
    public init() {}

    /// Appends `bytes`.
    public mutating func write(_ bytes: Span<UInt8>) throws(Never) {
        self.bytes.reserveCapacity(self.bytes.count + bytes.count)
        for index in bytes.indices { self.bytes.append(bytes[index]) }
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Bytes that wait to be handed to a sink.
struct OutputBuffer {
    /// Size of a piece in bytes: large enough that a system call for each costs nothing.
    static let pieceSize = 64 * 1024

    private(set) var bytes: [UInt8] = []

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Hands over what is there if it fills a piece.
    mutating func drain<Sink: ByteSink & ~Copyable>(
        into sink: inout Sink
    ) throws(Sink.Failure) {
        if bytes.count >= Self.pieceSize { try flush(into: &sink) }
    }

    /// Hands over everything.
    mutating func flush<Sink: ByteSink & ~Copyable>(
        into sink: inout Sink
    ) throws(Sink.Failure) {
        guard !bytes.isEmpty else { return }
        try sink.write(bytes.span)
        bytes.removeAll(keepingCapacity: true)
    }
}
