public import AttachReport

/// A stopped process, copied into a value. A live process and a core file both become one;
/// nothing after this can tell which it was.
public struct Capture: Sendable {
    /// The CPU it ran on.
    public var architecture: Architecture
    /// Who it was.
    public var process: ProcessRecord
    /// How and when it was taken.
    public var record: CaptureRecord
    /// Its address space while it was stopped, by address.
    public var mappings: [Mapping]
    /// Its threads, by id.
    public var threads: [CapturedThread]
    /// What was copied of its memory; nothing that can be read from files instead.
    public var memory: TargetMemory
    /// The files behind the mappings, opened by device and inode.
    public var files: [MappedFile]
    /// Where paths of its files lead; nil where that may not be looked at.
    public var root: TargetRoot? = nil
    /// What the process calls code that it made as it ran; nil where it says nothing, as for a core
    /// file.
    public var perfMap: PerfMap? = nil
    /// What could not be captured.
    public var gaps: [Gap]
    /// What its clocks said; nil where that is not known, as for a core file.
    public var clocks: ClockReadings? = nil
    /// A way to see what has moved since; nil for a core file, and for a process that job control
    /// holds stopped.
    public var secondLook: SecondLook? = nil
    /// What was seen by watching; nil where that is still to be done, or cannot be.
    public var stillness: Stillness? = nil
    /// What threads wait on, by number, as it was right after the release; empty for a core file.
    public var descriptors: [Int32: OpenDescriptor] = [:]
    /// Addresses of its own that the kernel keeps for it; nil where that cannot be told, as for a
    /// core file.
    public var kernelReferences: KernelReferences? = nil
    /// The auxiliary vector that the kernel gave its program (getauxval(3)): keys and values by
    /// turns; empty where it is not known.
    public var auxiliaryVector: [UInt64] = []

    /// Bytes of our address space that it takes up beside what was read: a core file is mapped,
    /// holes included, which may be more than there is memory.
    public var mappedBytes: UInt64 = 0

    /// Whether the target's words are known to name its threads by `namespaceID`, or else by `id`;
    /// not so at first for a core file that another program wrote.
    var areThreadIDsCertain = true
}

/// One thread of a capture.
public struct CapturedThread: Sendable, Codable {
    /// Kernel thread id in our pid namespace.
    public var id: Int32
    /// Thread id in the target's pid namespace, where it differs.
    public var namespaceID: Int32?
    /// `comm`, unescaped.
    public var name: String
    /// What the kernel had it doing.
    public var state: ThreadRecord.State
    /// Its registers; nil for a thread that could not be stopped.
    public var registers: RegisterSet?
    /// The system call it sat in.
    public var systemCall: SystemCall?
    /// Whether it had left that call when its descriptors were looked up, so that their numbers may
    /// have stood for something else by then.
    public var hasMovedOn = false
}

/// A file behind at least one executable or ELF-carrying mapping of the target.
public struct MappedFile: Sendable {
    /// Path as the kernel states it (seen from our root).
    public var path: String
    /// Device as `major << 32 | minor`, from the mapping.
    public var device: UInt64
    /// Inode, from the mapping.
    public var inode: UInt64
    /// The file, open; nil where it could not be opened, with the reason in the capture's gaps.
    public var file: OpenFile?
    /// Whether it is known to be the very file that is mapped. Otherwise that has to be proven
    /// by its build ID.
    public var isCertain = true
    /// The GNU build ID, where it is known without the file.
    public var buildID: [UInt8]? = nil

    /// Its descriptor, valid as long as `file` is kept.
    public var descriptor: Int32? { file?.descriptor }
}
