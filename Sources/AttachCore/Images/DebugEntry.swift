import CElf

/// A debugging information entry; valid as long as the debug information it came from.
@safe struct DebugEntry {
    private let entry: Dwarf_Die

    /// Wraps libdw's handle.
    init(_ entry: Dwarf_Die) { unsafe self.entry = entry }

    /// What it describes, `DW_TAG_…`; 0 where that cannot be read.
    var tag: Int {
        var entry = unsafe entry
        return Int(unsafe dwarf_tag(&entry))
    }

    /// The first entry inside this one.
    var child: DebugEntry? {
        var entry = unsafe entry
        var child = unsafe Dwarf_Die()
        return unsafe dwarf_child(&entry, &child) == 0 ? DebugEntry(child) : nil
    }

    /// The entry behind this one on the same level. Untrusted: entries may form a cycle.
    var sibling: DebugEntry? {
        var entry = unsafe entry
        var next = unsafe Dwarf_Die()
        return unsafe dwarf_siblingof(&entry, &next) == 0 ? DebugEntry(next) : nil
    }

    /// The address ranges of its code, before the load bias; none where it has no code.
    var ranges: [Range<UInt64>] {
        var entry = unsafe entry
        var result: [Range<UInt64>] = []
        var base: Dwarf_Addr = 0
        var start: Dwarf_Addr = 0
        var end: Dwarf_Addr = 0
        var offset = 0
        while result.count < 1 << 16 {
            offset = unsafe dwarf_ranges(&entry, offset, &base, &start, &end)
            guard offset > 0 else { return result }
            if start < end { result.append(start..<end) }
        }
        return result
    }

    /// The linkage name, its own or that of what it stands for, or else the plain name.
    var name: String? {
        var entry = unsafe entry
        for code in [DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name] {
            var attribute = unsafe Dwarf_Attribute()
            guard unsafe dwarf_attr_integrate(&entry, UInt32(code), &attribute) != nil,
                let text = unsafe dwarf_formstring(&attribute)
            else { continue }
            return unsafe String(cString: text)
        }
        return nil
    }

    /// The file of its declaration; nil where it names none.
    var declarationFile: String? {
        var entry = unsafe entry
        return unsafe dwarf_decl_file(&entry).map { unsafe String(cString: $0) }
    }

    /// The folder that relative paths of a unit start from; nil without one.
    var compilationFolder: String? {
        var entry = unsafe entry
        var attribute = unsafe Dwarf_Attribute()
        guard unsafe dwarf_attr(&entry, UInt32(DW_AT_comp_dir), &attribute) != nil,
            let text = unsafe dwarf_formstring(&attribute)
        else { return nil }
        return unsafe String(cString: text)
    }

    /// An unsigned attribute, its own or that of what it stands for; 0 without one.
    func number(_ code: Int) -> UInt64 {
        var entry = unsafe entry
        var attribute = unsafe Dwarf_Attribute()
        var value: Dwarf_Word = 0
        guard unsafe dwarf_attr_integrate(&entry, UInt32(code), &attribute) != nil,
            unsafe dwarf_formudata(&attribute, &value) == 0
        else { return 0 }
        return value
    }

    /// The line table of a unit and its list of files; nil where it has none.
    var lines: (lines: OpaquePointer, count: Int)? {
        var entry = unsafe entry
        var lines: OpaquePointer?
        var count = 0
        guard unsafe dwarf_getsrclines(&entry, &lines, &count) == 0, let lines = unsafe lines else {
            return nil
        }
        return unsafe (lines, count)
    }

    /// The files that a unit's lines lie in; nil where it has none.
    var files: (files: OpaquePointer, count: Int)? {
        var entry = unsafe entry
        var files: OpaquePointer?
        var count = 0
        guard unsafe dwarf_getsrcfiles(&entry, &files, &count) == 0, let files = unsafe files else {
            return nil
        }
        return unsafe (files, count)
    }
}
