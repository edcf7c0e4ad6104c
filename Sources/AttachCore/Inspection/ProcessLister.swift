public import AttachReport

/// What is known of a process without a stop, and what keeps us from attaching to it.
public struct ListedProcess: Sendable {
    /// All but the obstacle.
    public var listing: ProcessListing
    /// Why one cannot attach; nil where nothing is in the way.
    public var failure: AttachError?
}

/// Reads the files of a survey, each once.
public enum ProcessLister {
    /// The processes by pid, with what their files tell of a Swift runtime. A file that nobody has
    /// looked into counts as unread.
    ///
    /// - Parameter seconds: for looking into files, the small ones first; nil for as long as it
    ///   takes. Whoever maps a file decides how long that is.
    /// - Returns: also how many files were left out for want of time.
    public static func processes(
        of survey: ProcessSurvey, seconds: Double? = nil
    ) -> (processes: [ListedProcess], filesLeftOut: Int) {
        let deadline = seconds.map { Clock.monotonic() + Int64($0 * 1e9) } ?? .max
        var traces: [RuntimeTraces?] = Array(repeating: nil, count: survey.files.count)
        var leftOut: Set<Int> = []
        let sizes = survey.files.map(\.size)
        var room = searchLimit
        for index in survey.files.indices.sorted(by: { sizes[$0] < sizes[$1] }) {
            guard Clock.monotonic() < deadline, room > 0 else {
                leftOut.insert(index)
                continue
            }
            traces[index] = (try? ImageBytes(mapping: survey.files[index].descriptor))
                .flatMap { try? ELFFile($0) }.map { RuntimeTraces($0, room: &room) }
        }
        let processes = survey.entries.map { entry in
            listed(entry, traces, leftOut)
        }
        return (processes, leftOut.count)
    }

    /// Bytes that are searched in all files together; a machine full of Swift servers has a tenth.
    private static let searchLimit: UInt64 = 1 << 30

    private static func listed(
        _ entry: ProcessSurvey.Entry, _ traces: [RuntimeTraces?], _ leftOut: Set<Int>
    ) -> ListedProcess {
        var listing = entry.listing
        func isUnread(_ file: Int?) -> Bool { file.map(leftOut.contains) ?? true }
        listing.unreadFiles = entry.libraries.filter { isUnread($0.file) }.map(\.path)
        if let program = entry.program {
            if leftOut.contains(program) {
                listing.unreadFiles.insert(listing.executable ?? "?", at: 0)
            }
            let images =
                [Image(path: "", traces: traces[program])]
                + entry.libraries.map { library in
                    Image(path: library.path, traces: library.file.flatMap { traces[$0] })
                }
            listing.runtime = runtime(of: images)
            listing.isStripped = traces[program].map { !$0.hasSymbolTable }
        }
        return ListedProcess(listing: listing, failure: entry.failure)
    }

    /// A file that is mapped; the program's own has no path.
    private struct Image {
        var path: String
        var traces: RuntimeTraces?

        func isLibrary(_ name: String) -> Bool {
            path.split(separator: "/").last?.hasPrefix(name + ".so") ?? false
        }
    }

    private static func runtime(of images: [Image]) -> RuntimeRecord {
        let concurrency = "libswift_Concurrency"
        // A file that speaks comes before one that has nothing but the right name or shape.
        let holders = images.filter { $0.traces?.hasRuntime ?? false }
        let best = holders.first { $0.traces?.versions != nil } ?? holders.first
        if let holder = best ?? images.first(where: { $0.isLibrary(concurrency) }) {
            return RuntimeRecord(
                isPresent: true, hasSwift: true,
                linkage: holder.isLibrary(concurrency) ? .dynamic : .static,
                layout: holder.traces?.versions, layoutVersion: holder.traces?.layoutVersion)
        }
        let hasCore = images.contains { $0.isLibrary("libswiftCore") }
        let hasSwift = hasCore || images.contains { $0.traces?.hasSwiftCode ?? false }
        return RuntimeRecord(
            isPresent: false, hasSwift: hasSwift,
            linkage: hasSwift ? (hasCore ? .dynamic : .static) : nil)
    }
}
