import CLinux
import Glibc

/// One end of a connection between two of our processes, closed with this value. What comes out of
/// it is not trusted: the process at the other end may have been led astray by foreign bytes.
struct Channel: ~Copyable {
    /// Why a message was not sent or did not arrive.
    enum Failure: Error, Equatable {
        /// The process at the other end has ended, or closed its end.
        case closed
        /// The deadline has passed.
        case late
        /// A message that cannot be ours.
        case malformed
        /// A system call failed.
        case system(errno: Int32)
    }

    /// A message: what kind it is of, its bytes, and open files.
    struct Message: ~Copyable {
        var kind: UInt8
        var body: [UInt8] = []
        /// Descriptors, closed with this value unless they are taken.
        private(set) var descriptors: [Int32] = []

        init(kind: UInt8, body: [UInt8] = [], adopting descriptors: [Int32] = []) {
            self.kind = kind
            self.body = body
            self.descriptors = descriptors
        }

        /// The open files, which are the caller's from now on.
        mutating func takeFiles() -> [OpenFile] {
            defer { descriptors = [] }
            return descriptors.map { OpenFile(adopting: $0) }
        }

        deinit { for descriptor in descriptors { close(descriptor) } }
    }

    /// Bytes of the longest message.
    static let longestBody: UInt64 = 8 << 30
    /// Of a message's kind and length.
    private static let headerSize = 9

    private let descriptor: Int32

    /// Takes an open descriptor over.
    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Closes this end in a process that was just forked and will never end this value.
    func closeHere() { close(descriptor) }

    /// The descriptors of two ends that belong together, the caller's to close or to adopt.
    static func pair() throws(Failure) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let error = unsafe cl_channel_pair(&ends)
        guard error == 0 else { throw .system(errno: error) }
        return (ends[0], ends[1])
    }

    /// Sends a message whole.
    ///
    /// - Parameters:
    ///   - files: Sent along; the other side gets copies. At most 16.
    ///   - deadline: Nanoseconds on the monotonic clock.
    func send(
        _ kind: UInt8, _ body: [UInt8] = [], files: [Int32] = [], deadline: Int64
    ) throws(Failure) {
        var header = [kind]
        for shift in stride(from: 0, to: 64, by: 8) {
            header.append(UInt8(truncatingIfNeeded: UInt64(body.count) >> shift))
        }
        try check(
            unsafe cl_channel_send(
                descriptor, header, header.count, files, files.count, deadline))
        guard !body.isEmpty else { return }
        try check(unsafe cl_channel_send(descriptor, body, body.count, files, 0, deadline))
    }

    /// The next message, which must arrive whole before the deadline.
    func receive(deadline: Int64) throws(Failure) -> Message {
        var header = [UInt8](repeating: 0, count: Self.headerSize)
        let descriptors = try receive(into: &header, deadline)
        var message = Message(kind: header[0], adopting: descriptors)
        let count = header[1...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard count <= Self.longestBody else { throw .malformed }
        // Room is made as bytes arrive, not by what the other side claims.
        while UInt64(message.body.count) < count {
            let left = Int(count) - message.body.count
            var piece = [UInt8](repeating: 0, count: min(left, 1 << 20))
            let more = try receive(into: &piece, deadline)
            for descriptor in more { close(descriptor) }
            message.body += piece
        }
        return message
    }

    private func receive(
        into bytes: inout [UInt8], _ deadline: Int64
    ) throws(Failure) -> [Int32] {
        var descriptors = [Int32](repeating: -1, count: Int(CL_CHANNEL_DESCRIPTORS))
        var count = 0
        let error = unsafe bytes.withUnsafeMutableBytes { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return EINVAL }
            return unsafe cl_channel_receive(
                descriptor, base, buffer.count, &descriptors, &count, deadline)
        }
        let received = Array(descriptors.prefix(count))
        do {
            try check(error)
        } catch {
            for descriptor in received { close(descriptor) }
            throw error
        }
        return received
    }

    private func check(_ error: Int32) throws(Failure) {
        switch error {
        case 0: return
        case EPIPE: throw .closed
        case ETIMEDOUT: throw .late
        default: throw .system(errno: error)
        }
    }
}
