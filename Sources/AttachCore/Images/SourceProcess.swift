import AttachReport

/// Looks up source lines in a process of its own: libdw was not made for debug information that
/// somebody wrote to crash it, or to keep it busy.
struct SourceProcess {
    /// For each address the functions there, innermost first; the last is the function itself.
    private(set) var frames: [CodeAddress: [SourceFrame]] = [:]
    /// Why there are no lines, or not all, though there is debug information.
    private(set) var damage: String?

    /// Bytes that the lines of a report take up; a million frames fit.
    private static let answerLimit = 128 << 20
    /// Memory for reading debug information, packed sections unpacked.
    private static let memoryLimit: UInt64 = 6 << 30

    /// Asks a `SourceFinder` for all these addresses.
    ///
    /// - Parameter milliseconds: How long it may take.
    init(
        _ file: ELFFile, for requests: [CodeAddress], bias: UInt64,
        symbols: [UInt64: FunctionSymbol], milliseconds: UInt32
    ) {
        guard DebugInformation.isPresent(for: file) else { return }
        do throws(ProcessCopy.Failure) {
            let answer = try ProcessCopy.answer(
                capacity: Self.answerLimit, memory: Self.memoryLimit, milliseconds: milliseconds
            ) {
                var finder = SourceFinder(file)
                let frames = finder.frames(for: requests, bias: bias, symbols: symbols)
                let damage =
                    file.bytes.hasLostPages
                    ? "the file was cut short while it was read" : finder.damage
                return Self.bytes(frames, requests, damage: damage)
            }
            try read(answer, requests)
        } catch {
            frames = [:]
            damage = "debug information could not be read: its reader crashed, or took too long"
        }
    }

    private static func bytes(
        _ frames: [CodeAddress: [SourceFrame]], _ requests: [CodeAddress], damage: String?
    ) -> [UInt8] {
        var note = NoteWriter()
        note.put(optional: damage) { $0.put($1) }
        for code in requests {
            note.put(list: frames[code] ?? []) { note, frame in
                note.put(optional: frame.name) { $0.put($1) }
                note.put(optional: frame.location) { note, location in
                    note.put(location.file)
                    note.put(Int64(location.line))
                    note.put(optional: location.column) { $0.put(Int64($1)) }
                }
            }
        }
        return note.bytes
    }

    /// The process that wrote this may have been led astray, so it is not trusted either.
    private mutating func read(
        _ answer: [UInt8], _ requests: [CodeAddress]
    ) throws(ProcessCopy.Failure) {
        let bytes = ImageBytes(copying: answer)
        var note = NoteReader(ByteSlice(file: bytes, start: 0, count: bytes.count))
        do throws(NoteReader.Malformed) {
            damage = try note.optional { note throws(NoteReader.Malformed) in try note.text() }
            for code in requests {
                let found = try note.list(atLeast: 2) { note throws(NoteReader.Malformed) in
                    SourceFrame(
                        name: try note.optional { note throws(NoteReader.Malformed) in
                            try note.text()
                        },
                        location: try note.optional { note throws(NoteReader.Malformed) in
                            try note.location()
                        })
                }
                if !found.isEmpty { frames[code] = found }
            }
        } catch {
            throw ProcessCopy.Failure()
        }
    }
}

extension NoteReader {
    fileprivate mutating func location() throws(Malformed) -> SourceLocation {
        let file = try text()
        let line: Int64 = try number()
        let column: Int64? = try optional { note throws(Malformed) in try note.number() }
        return SourceLocation(
            file: file, line: Int(clamping: line), column: column.map { Int(clamping: $0) })
    }
}
