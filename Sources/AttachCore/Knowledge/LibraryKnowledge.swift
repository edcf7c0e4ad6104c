import AttachReport

/// What is known of a library above the kernel, as data: the names of its functions, and what a
/// thread waits for, or is for, that is in one. A library is a file in this folder and an entry in
/// `all`; without it, nothing else becomes wrong.
struct LibraryKnowledge: Sendable {
    /// What it is called.
    let library: String
    /// How the names of its files begin.
    var images: [String] = []

    // MARK: What a thread waits for

    /// Functions that say what is waited for.
    var sites: [String: WaitSite] = [:]
    /// The same, by parts of names.
    var sitePatterns: [(pattern: NamePattern, site: WaitSite)] = []
    /// Functions between the system call and those that say what is waited for.
    var passed: Set<String> = []
    var passedPrefixes: [String] = []
    /// Functions in which a task waits in a continuation of the library's own, by how they begin.
    var taskWaits: [(prefix: String, wait: Wait)] = []
    /// Classes of locks around a mutex of the C library, by the symbols of their metadata.
    var lockClasses: [String: ThreadWait.Kind] = [:]

    // MARK: What a thread is for

    /// Functions that serve an event loop for as long as they run.
    var loops: [NamePattern] = []
    /// Functions at the outer end of a worker's stack, by how they begin, and the names that such
    /// threads bear.
    var workers: [String] = []
    var threadNames: [NamePattern] = []
    /// Parts of names that say that a thread stands there to serve the main queue, or has given it
    /// away.
    var mainQueueMarks: [String] = []

    // MARK: Which frames nobody wrote

    /// Functions that start a thread or a process.
    var starters: Set<String> = []
    /// Functions that are machinery, by name or by how they begin.
    var machinery: Set<String> = []
    var machineryPrefixes: [String] = []
    /// Parts of names that are none of the machinery, since they say what a thread waits for.
    var shown: [String] = []

    /// Every library.
    static let all: [LibraryKnowledge] = [
        .cLibrary, .dispatch, .swiftRuntime, .swiftLibrary, .foundation, .nio,
    ]
}

/// Which names are meant.
enum NamePattern: Sendable {
    /// This one.
    case exactly(String)
    /// Those that begin so and have any of these parts, if there are any.
    case beginning(String, with: [String] = [])
    /// Those that end so.
    case ending(String)

    /// Whether a name is meant.
    func matches(_ name: String) -> Bool {
        switch self {
        case .exactly(let text): name == text
        case .ending(let end): name.hasSuffix(end)
        case .beginning(let start, let parts):
            name.hasPrefix(start) && (parts.isEmpty || parts.contains { name.contains($0) })
        }
    }
}

extension LibraryKnowledge {
    private static let allSites = all.reduce(into: [String: WaitSite]()) {
        $0.merge($1.sites) { first, _ in first }
    }
    private static let allPatterns = all.flatMap(\.sitePatterns)
    private static let allPassed = all.reduce(into: Set<String>()) { $0.formUnion($1.passed) }
    private static let allPassedPrefixes = all.flatMap(\.passedPrefixes)
    private static let allTaskWaits = all.flatMap(\.taskWaits)

    /// What a thread waits for that is in a function, by its plain name; nil where that says
    /// nothing.
    static func site(of name: String) -> WaitSite? {
        allSites[name] ?? allPatterns.first { $0.pattern.matches(name) }?.site
    }

    /// Whether a function lies between a system call and one that says what is waited for.
    static func passes(_ name: String) -> Bool {
        allPassed.contains(name) || allPassedPrefixes.contains { name.hasPrefix($0) }
    }

    /// What a task waits for that is suspended in a function; nil where that says nothing.
    static func wait(of name: String) -> Wait? {
        allTaskWaits.first { name.hasPrefix($0.prefix) }?.wait
    }

    /// Whose event loop a thread serves, by its stack, innermost first: that of the outermost one.
    static func loop(of frames: [Frame]) -> LibraryKnowledge? {
        for frame in frames.reversed() {
            guard let symbol = frame.symbol else { continue }
            if let library = all.first(where: { $0.loops.contains { $0.matches(symbol) } }) {
                return library
            }
        }
        return nil
    }

    /// Whether a file is this library.
    func isImage(_ name: String?) -> Bool {
        name.map { name in images.contains { name.hasPrefix($0) } } ?? false
    }
}
