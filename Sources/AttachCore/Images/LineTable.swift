import AttachReport
import CElf

/// The line table of a compile unit, owned by the debug information it came from.
@safe struct LineTable {
    /// A row: the source line of the code from `address` up to the next row's.
    struct Row {
        /// Address, before the load bias.
        var address: UInt64
        /// Line; 0 for code that no line stands for.
        var line: Int
        /// Index in the table.
        var index: Int
    }

    private let lines: OpaquePointer?
    private let files: OpaquePointer?
    private let fileCount: Int
    private let folder: String?
    /// Number of rows.
    let count: Int

    /// The table of this unit; without rows where it has none.
    init(_ unit: DebugEntry) {
        let lines = unsafe unit.lines
        let files = unsafe unit.files
        unsafe self.lines = lines?.lines
        unsafe self.files = files?.files
        count = unsafe lines?.count ?? 0
        fileCount = unsafe files?.count ?? 0
        folder = unit.compilationFolder
    }

    /// A row that begins a run of code; nil behind the last one and where a sequence ends.
    func row(_ index: Int) -> Row? {
        guard let line = unsafe line(index) else { return nil }
        var isEnd = false
        var address: Dwarf_Addr = 0
        var number: Int32 = 0
        guard unsafe dwarf_lineendsequence(line, &isEnd) == 0, !isEnd,
            unsafe dwarf_lineaddr(line, &address) == 0, unsafe dwarf_lineno(line, &number) == 0
        else { return nil }
        return Row(address: address, line: Int(max(number, 0)), index: index)
    }

    /// The row whose code holds `address`: the last one that begins at or below it.
    func row(at address: UInt64) -> Row? {
        var isMissing = false
        let next = (0..<count).partitioningIndex { index in
            var start: Dwarf_Addr = 0
            guard let line = unsafe line(index), unsafe dwarf_lineaddr(line, &start) == 0 else {
                isMissing = true
                return true
            }
            return start > address
        }
        return !isMissing && next > 0 ? row(next - 1) : nil
    }

    /// The source location of a row; nil for code that no line stands for.
    func location(_ row: Row) -> SourceLocation? {
        guard row.line > 0, let line = unsafe line(row.index),
            let path = unsafe dwarf_linesrc(line, nil, nil)
        else { return nil }
        var column: Int32 = 0
        _ = unsafe dwarf_linecol(line, &column)
        return location(unsafe String(cString: path), row.line, Int(column))
    }

    /// A location in a file of the unit's list; nil where line or file make no sense.
    func location(file index: UInt64, line: UInt64, column: UInt64) -> SourceLocation? {
        guard unsafe files != nil, index < UInt64(fileCount), line > 0, line <= Int32.max,
            let path = unsafe dwarf_filesrc(files, Int(index), nil, nil)
        else { return nil }
        return location(
            unsafe String(cString: path), Int(line), column <= Int32.max ? Int(column) : 0)
    }

    /// A location in a file outside the list; nil where the line makes no sense.
    func location(path: String, line: UInt64, column: UInt64) -> SourceLocation? {
        guard line > 0, line <= Int32.max else { return nil }
        return location(path, Int(line), column <= Int32.max ? Int(column) : 0)
    }

    private func location(_ path: String, _ line: Int, _ column: Int) -> SourceLocation? {
        if Self.isMade(path) { return nil }
        let isRelative = !path.hasPrefix("/")
        let whole = isRelative ? folder.map { "\($0)/\(path)" } ?? path : path
        return SourceLocation(file: whole, line: line, column: column > 0 ? column : nil)
    }

    /// Whether this is Swift's name for code of its own making.
    static func isMade(_ path: String) -> Bool { path.hasSuffix("<compiler-generated>") }

    /// Whether the file of this number is that one.
    func isMade(file index: UInt64) -> Bool {
        guard unsafe files != nil, index < UInt64(fileCount),
            let path = unsafe dwarf_filesrc(files, Int(index), nil, nil)
        else { return false }
        return Self.isMade(unsafe String(cString: path))
    }

    private func line(_ index: Int) -> OpaquePointer? {
        guard unsafe lines != nil, index >= 0, index < count else { return nil }
        return unsafe dwarf_onesrcline(lines, index)
    }
}
