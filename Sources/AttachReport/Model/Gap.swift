/// Something that is missing from a snapshot.
public struct Gap: Hashable, Sendable, Codable {
    /// What is missing.
    public enum Subject: Hashable, Sendable, Codable {
        /// A thread, by its id in the tool's pid namespace.
        case thread(Int32)
        /// Some of the threads.
        case threads
        /// A part of a thread's stack.
        case stack(thread: Int32)
        /// Some of the memory.
        case memory
        /// Which pages of memory are resident.
        case residency
        /// A part of the core file.
        case coreFile
        /// What a capture of our own notes beside an ordinary core file.
        case captureNote
        /// The contents of a mapped file, by its path.
        case file(String)
        /// The list of the mapped files.
        case mappedFiles
        /// Mapped files beyond those that were looked at.
        case furtherMappedFiles
        /// Symbols of the image with this path.
        case symbols(of: String)
        /// Source lines of the image with this path.
        case lines(of: String)
        /// Debug files of the images with these names.
        case debugFiles(of: [String])
        /// The debug files in this folder.
        case debugFolder(String)
        /// Debug files beyond those that were looked at.
        case furtherDebugFiles
        /// The Swift runtime.
        case runtime
        /// Some or all of the tasks.
        case tasks
        /// A part of what there is to know of a task, or of several (nil).
        case task(TaskPart, of: UInt64?)
        /// Some of the actors.
        case actors
        /// The actor at the gap's address.
        case actor
    }

    /// A part of what there is to know of a task.
    public enum TaskPart: Hashable, Sendable, Codable, CaseIterable {
        /// The task that it waits for.
        case awaitedTask
        /// Its child tasks.
        case children
        /// Its chain of async contexts.
        case contextChain
        /// Its group.
        case group
        /// Its name.
        case name
        /// Its list of status records.
        case statusRecords
        /// The thread that runs it.
        case thread
    }

    /// Why it is missing.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// Nothing is mapped there.
        case unmapped
        /// The kernel gave fewer bytes than asked for.
        case shortRead
        /// A list in the target leads back into itself.
        case cycle
        /// More of it than we are willing to follow.
        case limit
        /// The memory or time allowed was used up.
        case budget
        /// A layout of the runtime that we do not know.
        case unknownLayout
        /// The file or its symbols could not be read.
        case noSymbols
        /// A thread that did not stop in time.
        case notStopped
        /// Bytes that make no sense as what they should be.
        case inconsistent
    }

    /// What is missing.
    public var subject: Subject
    /// Where, if it has an address.
    public var address: Address?
    /// Bytes missing, where that is what is missing.
    public var bytes: UInt64?
    /// Why.
    public var reason: Reason
    /// More words for a person, e.g. the system call that an unstoppable thread sits in.
    public var detail: String?

    /// Memberwise.
    public init(
        _ subject: Subject, address: Address? = nil, bytes: UInt64? = nil, reason: Reason,
        detail: String? = nil
    ) {
        self.subject = subject
        self.address = address
        self.bytes = bytes
        self.reason = reason
        self.detail = detail
    }
}
