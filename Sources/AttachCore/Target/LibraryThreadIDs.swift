import AttachReport

/// The ids of threads as glibc keeps them, each in its thread's own block.
///
/// They are those of the process's own pid namespace, like the owners in its locks. The ids in a
/// core file need not be: gdb writes those that it saw from where it ran, the kernel the inner
/// ones. Where in a block the id is, glibc tells debuggers (nptl_db/db_info.c, for libthread_db).
struct LibraryThreadIDs {
    private let memory: TargetMemory
    /// From the thread pointer to the id.
    private let offset: UInt64

    /// Three 32-bit numbers: how many bits the field has, how many elements, and where it is.
    private static let field = "_thread_db_pthread_tid"
    private static let blockSize = "_thread_db_sizeof_pthread"
    /// Far more than the block's size, which is 2304 in glibc 2.36.
    private static let sizeLimit: UInt32 = 1 << 16

    /// nil where no C library says where the ids are, or several do.
    init?(images: ImageTable, memory: TargetMemory, architecture: Architecture) {
        let symbols = images.addresses(ofSymbols: [Self.field, Self.blockSize])
        guard let places = symbols[Self.field], places.count == 1, let place = places.first,
            let bits: UInt32 = memory.load(place), bits == 32,
            let offset: UInt32 = memory.load(Address(place.value &+ 8)), offset < Self.sizeLimit
        else { return nil }
        self.memory = memory
        guard architecture == .aarch64 else {
            self.offset = UInt64(offset)
            return
        }
        // There the block ends where the thread pointer points.
        guard let sizes = symbols[Self.blockSize], sizes.count == 1, let place = sizes.first,
            let size: UInt32 = memory.load(place), offset < size, size < Self.sizeLimit
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

    private func id(of thread: CapturedThread) -> Int32? {
        guard let pointer = thread.registers?.threadPointer,
            let id: Int32 = memory.load(Address(pointer &+ offset)), id > 0
        else { return nil }
        return id
    }
}
