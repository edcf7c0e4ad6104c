import AttachReport

extension Mapping {
    /// The lines of a `maps` file (proc_pid_maps(5)); lines that make no sense are left out.
    ///
    /// The path is the rest of the line, whatever it holds; the kernel escapes a newline as `\012`
    /// and nothing else.
    static func parse(_ bytes: [UInt8]) -> [Mapping] {
        var mappings: [Mapping] = []
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            if let mapping = parseLine(&reader) { mappings.append(mapping) }
            reader.skipLine()
        }
        return mappings
    }

    private static func parseLine(_ reader: inout FieldReader) -> Mapping? {
        guard let start = reader.number(radix: 16), reader.take(0x2d),
            let end = reader.number(radix: 16), reader.take(0x20), start < end,
            let permissions = reader.field(count: 4), reader.take(0x20),
            let offset = reader.number(radix: 16), reader.take(0x20),
            let major = reader.number(radix: 16), reader.take(0x3a),
            let minor = reader.number(radix: 16), reader.take(0x20),
            let inode = reader.number(radix: 10)
        else { return nil }
        reader.skipSpaces()
        return Mapping(
            start: start, end: end, isReadable: permissions[0] == 0x72,
            isWritable: permissions[1] == 0x77, isExecutable: permissions[2] == 0x78,
            isShared: permissions[3] == 0x73, fileOffset: offset,
            device: major << 32 | minor & 0xffff_ffff, inode: inode, path: reader.restOfLine())
    }
}

/// What is used of `/proc/PID/task/TID/stat` (proc_pid_stat(5)).
struct ThreadStat: Hashable {
    /// `comm`: whatever stands between the first `(` and the last `)`.
    var name: String
    /// The letter of the state.
    var state: UInt8
    /// PF_* flags of the kernel.
    var flags: UInt64
    /// Clock ticks after boot at which it started.
    var startTime: UInt64

    /// nil where the text is not such a line. A name may hold spaces and parentheses.
    init?(_ bytes: [UInt8]) {
        guard let open = bytes.firstIndex(of: 0x28), let close = bytes.lastIndex(of: 0x29),
            open < close
        else { return nil }
        let fields = bytes[(close + 1)...].split(separator: 0x20)
        guard fields.count > 19, let letter = fields[0].first,
            let flags = UInt64(String(decoding: fields[6], as: UTF8.self)),
            let startTime = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        name = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
        state = letter
        self.flags = flags
        self.startTime = startTime
    }

    /// A thread of the kernel (PF_KTHREAD).
    var isKernelThread: Bool { flags & 0x20_0000 != 0 }
    /// On its way out (PF_EXITING); it can be neither seized nor read any more.
    var isExiting: Bool { flags & 0x4 != 0 }
    /// Whether it lives and runs code of the process, so that it can be seized.
    var isSeizable: Bool { recordState != .zombie && !isExiting && !isKernelWorker }
    /// A worker that the kernel made in this process, without code of ours to show
    /// (PF_IO_WORKER, PF_USER_WORKER).
    var isKernelWorker: Bool { flags & 0x4010 != 0 }

    /// The state in the model's words.
    var recordState: ThreadRecord.State {
        switch state {
        case UInt8(ascii: "R"): .running
        case UInt8(ascii: "S"), UInt8(ascii: "I"): .sleeping
        case UInt8(ascii: "D"): .uninterruptible
        case UInt8(ascii: "T"): .stopped
        case UInt8(ascii: "Z"), UInt8(ascii: "X"): .zombie
        default: .unknown
        }
    }
}

/// What is used of `/proc/PID/status` (proc_pid_status(5)).
struct ProcessStatus: Hashable {
    /// Effective user id.
    var effectiveUser: UInt32?
    /// How many threads it has; nil where that is not readable.
    var threads: Int?
    /// Who traces it; 0 for nobody, or for a tracer outside our pid namespace.
    var tracer: Int32 = 0
    /// Its ids in every pid namespace it is in, ours first.
    var namespaceIDs: [Int32] = []
    /// Effective capabilities.
    var effectiveCapabilities: UInt64 = 0
    /// Permitted capabilities.
    var permittedCapabilities: UInt64 = 0
    /// Whether it waits in the kernel: does not run, and is not held stopped.
    var isWaiting = false
    /// How often it gave its processor up or lost it; nil where the kernel does not say.
    var contextSwitches: UInt64?

    /// The same of a text.
    init(_ text: String) { self.init(Array(text.utf8)) }

    /// Lines that are not understood are passed over. There may be ten thousand threads with one
    /// of these each, of which a few lines matter: no text is made of the others.
    init(_ bytes: [UInt8]) {
        for line in bytes.split(separator: 0x0a) {
            guard let first = line.first, Field.initials.contains(first),
                let colon = line.firstIndex(of: 0x3a),
                let field = Field.allCases.first(where: { $0.isName(line[..<colon]) })
            else { continue }
            let values = line[(colon + 1)...].split { $0 == 0x09 || $0 == 0x20 }
                .map { String(decoding: $0, as: UTF8.self) }
            if let first = values.first { set(field, values, first: first) }
        }
    }

    private mutating func set(_ field: Field, _ values: [String], first: String) {
        switch field {
        case .users: effectiveUser = values.count > 1 ? UInt32(values[1]) : nil
        case .tracer: tracer = Int32(first) ?? 0
        case .threads: threads = Int(first)
        case .namespaceIDs: namespaceIDs = values.compactMap { Int32($0) }
        case .effective: effectiveCapabilities = UInt64(first, radix: 16) ?? 0
        case .permitted: permittedCapabilities = UInt64(first, radix: 16) ?? 0
        case .state: isWaiting = first == "S" || first == "D"
        case .voluntary, .involuntary:
            contextSwitches = UInt64(first).map { $0 &+ (contextSwitches ?? 0) }
        }
    }

    /// The lines that are used.
    private enum Field: String, CaseIterable {
        case users = "Uid"
        case tracer = "TracerPid"
        case threads = "Threads"
        case namespaceIDs = "NSpid"
        case effective = "CapEff"
        case permitted = "CapPrm"
        case state = "State"
        case voluntary = "voluntary_ctxt_switches"
        case involuntary = "nonvoluntary_ctxt_switches"

        /// What their names begin with.
        static let initials: [UInt8] = Array("UTNSCvn".utf8)

        func isName(_ bytes: ArraySlice<UInt8>) -> Bool { rawValue.utf8.elementsEqual(bytes) }
    }
}

/// Takes fields from the front of a text, never beyond the end of a line.
private struct FieldReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    private var current: UInt8? {
        position < bytes.count && bytes[position] != 0x0a ? bytes[position] : nil
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    mutating func number(radix: UInt64) -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        while let byte = current {
            let digit: UInt64
            switch byte {
            case 0x30...0x39: digit = UInt64(byte - 0x30)
            case 0x61...0x66 where radix == 16: digit = UInt64(byte - 0x61 + 10)
            default: return count > 0 ? value : nil
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
            count += 1
            position += 1
        }
        return count > 0 ? value : nil
    }

    mutating func field(count: Int) -> [UInt8]? {
        guard position + count <= bytes.count else { return nil }
        let field = Array(bytes[position..<position + count])
        guard !field.contains(0x0a) else { return nil }
        position += count
        return field
    }

    mutating func skipSpaces() {
        while current == 0x20 { position += 1 }
    }

    mutating func restOfLine() -> String {
        let start = position
        while current != nil { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func skipLine() {
        while current != nil { position += 1 }
        position += 1
    }
}
