import AttachReport

/// The threads that words of the target can name: by their ids in its own pid namespace.
struct ThreadNumbers {
    /// What a thread id in a word of the target stands for.
    enum Meaning: Hashable {
        /// No thread.
        case nobody
        /// A thread of the target, by its id in ours.
        case thread(Int32)
        /// No thread of the target any more.
        case ended(Int32)
        /// Not known: not every thread of it is.
        case unknown
    }

    private var threads: [UInt32: Int32] = [:]
    private var inner: [Int32: UInt32] = [:]
    private let isComplete: Bool

    /// The numbers of these threads.
    ///
    /// - Parameters:
    ///   - isNamespaced: Whether the target has a pid namespace of its own. Then the ids that its
    ///     words hold are not ours, and a thread whose id there is not known has none.
    ///   - isComplete: Whether these are all of its threads.
    init(_ captured: [CapturedThread], isNamespaced: Bool, isComplete: Bool) {
        var isComplete = isComplete
        for thread in captured {
            let id = thread.namespaceID ?? (isNamespaced ? nil : thread.id)
            guard let id, let number = UInt32(exactly: id) else {
                isComplete = false
                continue
            }
            threads[number] = thread.id
            inner[thread.id] = number
        }
        self.isComplete = isComplete
    }

    /// What a word of the target means that names a thread.
    func meaning(of number: UInt32) -> Meaning {
        if number == 0 { return .nobody }
        if let thread = threads[number] { return .thread(thread) }
        guard isComplete, let number = Int32(exactly: number) else { return .unknown }
        return .ended(number)
    }

    /// By which number the target's words name a thread of it.
    func number(of thread: Int32) -> UInt32? { inner[thread] }
}
