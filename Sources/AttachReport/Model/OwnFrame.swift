extension [Frame] {
    /// The frame that a person looks for first, by its place in a stack: the innermost one of the
    /// program's own. Nil where no frame has a name.
    ///
    /// The standard library carries no lines, and what of it was specialised into the executable
    /// carries the executable's name: so lines tell better, where there are any. Without them, a
    /// function of the executable, or a Swift function that is in no library.
    ///
    /// - Parameter executable: The file name of the executable.
    func ownFrame(executable: String?) -> Int? {
        var first: Int?
        var swift: Int?
        var own: Int?
        for (place, frame) in enumerated() where frame.isShown {
            if let line = frame.location?.line, line > 0 { return place }
            if first == nil { first = place }
            guard own == nil else { continue }
            let isSwift = frame.symbol?.hasPrefix("$s") == true && !frame.isInLibrary
            if swift == nil, isSwift { swift = place }
            let isOfProgram = isSwift || (frame.image != nil && frame.image == executable)
            if isOfProgram, !frame.isOfToolchain { own = place }
        }
        return own ?? swift ?? first
    }
}

extension Frame {
    /// Whether it is a function that is not folded, and has a name.
    var isShown: Bool {
        folding == nil && address != nil && (function != nil || symbol != nil)
    }

    fileprivate var isInLibrary: Bool { image?.hasPrefix("lib") == true }

    /// Whether it is the Swift library's, which the compiler may place in the program: its mangled
    /// name begins with a substitution (`$ss` for the module, `$sS` for well-known types), which an
    /// extension by the program has too.
    fileprivate var isOfToolchain: Bool {
        ["$ss", "$sS", "$s10Foundation", "$s8Dispatch", "$s15Synchronization"].contains {
            symbol?.hasPrefix($0) == true
        }
    }
}

extension String {
    /// The last part of a path; the whole of what ends in a slash.
    var lastPathComponent: String {
        guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return self }
        let name = self[utf8.index(after: slash)...]
        return name.isEmpty ? self : String(name)
    }
}
