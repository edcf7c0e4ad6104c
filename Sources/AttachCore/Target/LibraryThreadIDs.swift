import AttachReport

/// The ids of threads as glibc keeps them, each in its thread's own block.
///
/// They are those of the process's own pid namespace, like the owners in its locks. The ids in a
/// core file need not be: gdb writes those that it saw from where it ran, the kernel the inner
/// ones. Where in a block the id is, glibc tells debuggers (`ThreadStorageLayout`).
struct LibraryThreadIDs {
    private let memory: TargetMemory
    /// From the thread pointer to the id.
    private let offset: UInt64

    private typealias Description = ThreadStorageLayout.Description

    /// nil where no C library says where the ids are, or several do.
    init?(images: ImageTable, memory: TargetMemory, architecture: Architecture) {
        let symbols = images.addresses(ofSymbols: [Description.threadID, Description.blockSize])
        guard let places = symbols[Description.threadID], places.count == 1,
            let place = places.first,
            let bits: UInt32 = memory.load(Address(place.value &+ Description.bits)), bits == 32,
            let offset: UInt32 = memory.load(Address(place.value &+ Description.offset)),
            offset < Description.sizeLimit
        else { return nil }
        self.memory = memory
        guard architecture == .aarch64 else {
            self.offset = UInt64(offset)
            return
        }
        // There the block ends where the thread pointer points.
        guard let sizes = symbols[Description.blockSize], sizes.count == 1, let place = sizes.first,
            let size: UInt32 = memory.load(place), offset < size, size < Description.sizeLimit
        else { return nil }
        self.offset = UInt64(offset) &- UInt64(size)
    }

    /// Gives the threads of a core file the ids that the process had for them; leaves them as
    /// they are where it is not known of each.
    func apply(to capture: inout Capture) {
        let ids = capture.threads.compactMap(id)
        guard ids.count == capture.threads.count, Set(ids).count == ids.count else { return }
        capture.areThreadIDsCertain = true
        for (index, id) in ids.enumerated() where id != capture.threads[index].id {
            capture.threads[index].namespaceID = id
            if capture.threads[index].id == capture.process.pid {
                capture.process.namespacePIDs = [id]
            }
        }
    }

    /// The id in the block of a thread; nil where there is none.
    func id(of thread: CapturedThread) -> Int32? {
        guard let pointer = thread.registers?.threadPointer,
            let id: Int32 = memory.load(Address(pointer &+ offset)), id > 0
        else { return nil }
        return id
    }
}
