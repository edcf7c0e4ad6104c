/// A run of bytes of a file, every access to which is checked.
struct ByteSlice {
    /// The whole file.
    let file: ImageBytes
    /// Where it begins there.
    let start: UInt64
    /// How many bytes it has; they lie in the file.
    let count: UInt64

    /// An integer at an offset; nil where it does not lie within.
    func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ offset: UInt64, as type: T.Type = T.self
    ) -> T? {
        guard offset <= count, UInt64(MemoryLayout<T>.size) <= count - offset else { return nil }
        return file.load(start + offset)
    }

    /// The string at an offset, up to its NUL, at most `limit` bytes of it and no further than
    /// the run goes; and how many bytes it has.
    func string(_ offset: UInt64, limit: UInt64) -> (text: String, size: UInt64)? {
        guard offset <= count else { return nil }
        return file.text(start + offset, min(limit, count - offset), endsAtZero: true)
    }

    /// A string of exactly so many bytes; nil where there are not so many.
    func text(_ offset: UInt64, size: UInt64) -> String? {
        guard offset <= count, size <= count - offset else { return nil }
        return file.text(start + offset, size)?.text
    }

    /// So many words from an offset; nil where there are not so many.
    func words(_ offset: UInt64, count wanted: Int) -> [UInt64]? {
        guard wanted >= 0, offset <= count, UInt64(wanted) <= (count - offset) / 8 else {
            return nil
        }
        return (0..<UInt64(wanted)).compactMap { load(offset + $0 * 8) }
    }

    /// Everything.
    var array: [UInt8] { file.copy(start, count) ?? [] }
}
