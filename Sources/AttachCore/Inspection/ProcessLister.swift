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
    /// The processes by pid, with what their files tell of a Swift runtime.
    public static func processes(of survey: ProcessSurvey) -> [ListedProcess] {
        let traces = survey.files.map { file in
            (try? ImageBytes(mapping: file.descriptor)).flatMap { try? ELFFile($0) }
                .map(RuntimeTraces.init)
        }
        return survey.entries.map { entry in
            var listing = entry.listing
            listing.unreadFiles = entry.libraries.filter { $0.file == nil }.map(\.path)
            if let program = entry.program {
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
