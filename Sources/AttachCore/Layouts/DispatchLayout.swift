/// The objects of libdispatch on 64-bit Linux (swift-corelibs-libdispatch), the same in every
/// release since Swift 5.5. Where the label of a queue lies, the library says itself.
struct DispatchLayout: Hashable, Sendable {
    /// A table of 16-bit numbers for debuggers (`struct dispatch_queue_offsets_s`,
    /// private/introspection_private.h and private/queue_private.h).
    static let offsetsSymbol = "dispatch_queue_offsets"
    /// Of the table: its version, and then the offset and the size of each field.
    enum Table {
        static let version: UInt64 = 0
        static let label: UInt64 = 2
        static let labelSize: UInt64 = 4
        /// Versions that have the same fields in front.
        static let versions: ClosedRange<UInt16> = 4...16
    }

    /// `dq_label` of queues (src/queue_internal.h, `DISPATCH_QUEUE_HEADER`).
    let label: UInt64

    /// As the sources of the library have it.
    static let linux = DispatchLayout(label: 72)

    private init(label: UInt64) { self.label = label }

    /// As the library says; nil where that makes no sense.
    init?(version: UInt16, label: UInt16, labelSize: UInt16) {
        guard Table.versions.contains(version), labelSize == 8, label % 8 == 0,
            (16...512).contains(label)
        else { return nil }
        self.label = UInt64(label)
    }

    // MARK: Objects (src/object_internal.h, `struct dispatch_object_s`)

    /// `do_targetq`: the queue in which it waits for a thread.
    static let target: UInt64 = 24

    // MARK: Queues (src/queue_internal.h, `struct dispatch_lane_s`)

    /// `dq_items_tail`: the last item, with marks in its low bits.
    static let tail: UInt64 = 48
    static let tailMask: UInt64 = ~7
    /// `dq_state`, whose lower half holds the thread that drains it.
    static let state: UInt64 = 56
    /// `DISPATCH_QUEUE_DRAIN_OWNER_MASK`.
    static let ownerMask: UInt64 = 0x3fff_ffff
    /// `dq_serialnum`; the main queue is the first.
    static let serialNumber: UInt64 = 64
    static let mainSerialNumber: UInt64 = 1
    /// `dq_atomic_flags`.
    static let flags: UInt64 = 80
    /// `DQF_THREAD_BOUND`: only one thread may drain it.
    static let isThreadBound: UInt32 = 0x4_0000
    /// `dq_items_head`.
    static let head: UInt64 = 104
    /// How the labels of the main queue and of those begin that the concurrency runtime makes for
    /// itself, one for each priority (stdlib/public/Concurrency/DispatchGlobalExecutor.cpp): two
    /// words of each.
    static let mainLabel: StaticString = "com.apple.main-t"
    static let poolLabel: StaticString = "Swift global con"

    // MARK: Items (src/inline_internal.h, `struct dispatch_continuation_s`)

    /// `dc_cache_cnt`: in a thread's list of items for the next use, how many it has from here on.
    static let itemCount: UInt64 = 8
    /// `do_next`.
    static let itemNext: UInt64 = 16
    /// `dc_func`, and `dc_ctxt`, what it is called with.
    static let itemFunction: UInt64 = 32
    static let itemContext: UInt64 = 40
    /// What is asked of the allocator for one (`DISPATCH_CONTINUATION_SIZE`).
    static let itemSize: UInt64 = 64

    // MARK: Threads (src/shims/tsd.h, `struct dispatch_tsd`)

    /// From the thread's id, with which it begins, to its list of items for the next use.
    static let threadToItems: UInt64 = 24

    // MARK: Waiters (src/queue_internal.h, `struct dispatch_sync_context_s`)

    /// From the word in which a waiter waits (`dsc_event`) to the queue that it waits for, to its
    /// own thread's id, and what stands in the word meanwhile.
    static let syncWordToQueue: Int64 = -40
    static let syncWordToWaiter: UInt64 = 4
    static let syncWaiting = UInt32.max
    /// From the word in which a thread waits to the object (src/semaphore_internal.h,
    /// `dsema_sema` and `dg_gen`).
    static let semaphoreWordToObject: Int64 = -64
    static let groupWordToObject: Int64 = -52

    // MARK: Timers (src/event/event_internal.h, `struct dispatch_timer_source_refs_s`)

    /// Identity, filter and flags in one word.
    static let timerFlags: UInt64 = 24
    /// `DISPATCH_EVFILT_TIMER`, the fifth byte of them.
    static let timerFilterShift: UInt64 = 32
    static let timerFilter: UInt8 = 0xfa
    /// `DISPATCH_TIMER_CLOCK_MASK` of the seventh byte.
    static let timerClockShift: UInt64 = 50
    static let timerClockMask: UInt64 = 3
    /// `dispatch_clock_t` (src/shims/time.h): without the time that the machine was suspended, with
    /// it, the time of day.
    enum TimerClock: UInt64 {
        case uptime = 0
        case monotonic = 1
        case wall = 2
    }
    /// The item that it runs.
    static let timerHandler: UInt64 = 40
    /// When it fires, when at the latest, and then how often: the largest number for once.
    static let timerTarget: UInt64 = 80
    static let timerDeadline: UInt64 = 88
    static let timerInterval: UInt64 = 96
}
