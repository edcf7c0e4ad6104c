/// The heap of glibc's `malloc` (malloc/malloc.c, malloc/arena.c), the same in 2.31 to 2.41 but for
/// what is told.
enum GlibcHeapLayout {
    /// Of a chunk (`struct malloc_chunk`): the size of the one before it, where that is free; its
    /// own size, with flags.
    static let previousSize: UInt64 = 0
    static let size: UInt64 = 8
    /// From a chunk to what `malloc` returns of it (`CHUNK_HDR_SZ`).
    static let header: UInt64 = 16
    /// From what `malloc` returns back to the chunk's size.
    static let sizeBeforeBlock: UInt64 = 8
    /// `SIZE_SZ`: what of a chunk's size a block does not have for itself.
    static let overhead: UInt64 = 8
    /// `MALLOC_ALIGNMENT`.
    static let alignment: UInt64 = 16
    /// `MINSIZE`.
    static let smallestChunk: UInt64 = 32

    /// `PREV_INUSE`, `IS_MMAPPED`, `NON_MAIN_ARENA`; all three.
    static let previousInUse: UInt64 = 1
    static let isMapped: UInt64 = 2
    static let isOfThread: UInt64 = 4
    static let flags: UInt64 = 7

    /// A chunk that is free: the next one of its list, and the one before
    /// (`fd`, `bk`).
    static let nextFree: UInt64 = 16
    static let previousFree: UInt64 = 24

    /// `HEAP_MAX_SIZE`: arenas other than the main one are made of heaps that lie at multiples of
    /// it.
    static let heapAlignment: UInt64 = 64 << 20
    /// `heap_info`: its arena, the heap before it in that arena, its size, and how much of it can
    /// be written.
    static let heapArena: UInt64 = 0
    static let heapPrevious: UInt64 = 8
    static let heapSize: UInt64 = 16
    static let heapWritable: UInt64 = 24
    /// `sizeof(heap_info)` since 2.35, and before.
    static let informationSizes: [UInt64] = [48, 32]
    /// Heaps grow by pages.
    static let pageSize: UInt64 = 4096

    /// `struct malloc_state`.
    struct Arena: Hashable, Sendable {
        /// All of it, in bytes.
        let size: UInt64
        /// Where it says which chunk is the last.
        let top: UInt64
        /// `fastbinsY`, lists for small chunks, by size; nil for none.
        let fastBins: UInt64?

        /// Since 2.27.
        static let withFastBins = Arena(size: 0x898, top: 96, fastBins: 16)
        /// As it lies in the memory of processes under 2.43.
        static let withoutFastBins = Arena(size: 0x840, top: 8, fastBins: nil)
    }

    /// `NFASTBINS`.
    static let fastBinCount: UInt64 = 10
    /// Links of the lists of small chunks have been mangled with their own place since 2.32
    /// (`PROTECT_PTR`): shifted by so many bits.
    static let mangleShift: UInt64 = 12

    /// The chunks of a list for one size, be it an arena's or a thread's.
    static func chunkSize(ofBin bin: UInt64) -> UInt64 { smallestChunk &+ bin &* alignment }

    /// `tcache_perthread_struct`, a thread's cache of free blocks, up to 2.41: 64 counts of 16
    /// bits, then 64 lists.
    enum Cache {
        static let chunkSize: UInt64 = 0x290
        static let bins: UInt64 = 64
        static let counts: UInt64 = 0
        static let countSize: UInt64 = 2
        static let lists: UInt64 = 128
        /// `tcache_entry`: the next one, and a mark that is the same in all.
        static let next: UInt64 = 0
        static let key: UInt64 = 8
    }
}
