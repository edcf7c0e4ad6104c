import AttachReport

/// Finds what a thread called that made it wait, by the names of its innermost frames.
///
/// The words of a lock alone prove nothing: any four bytes can look like a mutex. So the functions
/// say what it is, and only then is memory read. A frame without a name is passed over within the
/// C library (whose own functions may be without), and ends the search anywhere else.
enum WaitSiteFinder {
    /// How many of the innermost frames may say it.
    private static let depth = 12

    /// Reads it off these frames, innermost first; nil where they do not say.
    static func site(of frames: [Frame]) -> WaitSite? {
        var site: WaitSite?
        for frame in frames.prefix(depth) {
            guard let symbol = frame.symbol else {
                if LibraryKnowledge.cLibrary.isImage(frame.image) { continue }
                break
            }
            let name = plainName(symbol)
            guard let found = LibraryKnowledge.site(of: name) else {
                if LibraryKnowledge.passes(name) { continue }
                if site == .mutex, isSwiftRuntime(frame) { site = .runtimeMutex }
                break
            }
            guard let inner = site else {
                site = found
                continue
            }
            // What is further out knows better, but only where it is made of the inner. A loop has
            // more than one frame.
            if found.parts.contains(inner.name) {
                site = found
            } else if !found.callers.contains(inner.name), !(inner == found && inner == .eventLoop)
            {
                return inner
            }
        }
        return site
    }

    /// A C name without version (`@@GLIBC_2.2.5`), without what the compiler puts behind the names
    /// of copies (`.constprop.0`), and without what glibc puts before those of its own aliases.
    private static func plainName(_ symbol: String) -> String {
        var end = symbol.startIndex
        while end < symbol.endIndex, symbol[end] != "@", symbol[end] != "." {
            end = symbol.index(after: end)
        }
        let name = symbol[..<end]
        return String(name.hasPrefix("__GI_") ? name.dropFirst(5) : name)
    }

    private static func isSwiftRuntime(_ frame: Frame) -> Bool {
        LibraryKnowledge.swiftRuntime.isImage(frame.image)
            || frame.symbol.map { $0.hasPrefix("_ZN5swift") || $0.hasPrefix("swift_") } ?? false
    }
}
