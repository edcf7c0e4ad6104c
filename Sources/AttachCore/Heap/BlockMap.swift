import AttachReport

/// What an allocator has handed out, as it was found in memory: the seam between allocators and
/// those who search what they manage. Nobody else reads an allocator's own words.
///
/// A map is sure of what it has: memory that does not prove to be the allocator's is not in it, and
/// whoever searches takes it to be in use.
protocol BlockMap {
    /// The blocks, each by the address that a program has of it.
    var map: HeapMap { get }
    /// Memory that is the allocator's: that of the blocks, with its marks on them.
    var extents: [Range<UInt64>] { get }
    /// Memory outside of the extents in which the allocator keeps addresses of free blocks, which
    /// are no pointers to them.
    var bookkeeping: [Range<UInt64>] { get }
}

/// Which allocators are known.
enum Allocators {
    /// The map of the allocator of a process; an empty one where it is not known.
    static func blocks(_ mappings: [Mapping], _ memory: TargetMemory) -> any BlockMap {
        GlibcHeap(mappings: mappings, memory: memory)
    }

    /// How libraries are named that bring an allocator of their own which is not known here.
    static let unknown = ["libjemalloc", "libmimalloc", "libtcmalloc", "libasan"]
}
