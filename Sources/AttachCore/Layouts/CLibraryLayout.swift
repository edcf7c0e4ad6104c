/// The structures of a C library on 64-bit CPUs.
struct CLibraryLayout: Hashable, Sendable {
    /// Which library, and its versions.
    let versions: String
    /// `pthread_mutex_t`.
    let mutex: Mutex
    /// `pthread_rwlock_t`.
    let readWriteLock: ReadWriteLock
    /// `pthread_cond_t`.
    let condition: Condition

    /// `struct __pthread_mutex_s` (sysdeps/nptl/bits/struct_mutex.h of glibc) and the bits of
    /// `__kind` (sysdeps/nptl/pthreadP.h).
    struct Mutex: Hashable, Sendable {
        /// `__lock`.
        let word: UInt64
        /// `__owner`.
        let owner: UInt64
        /// `__kind`.
        let kind: UInt64
        let isRobust: UInt32
        let inherits: UInt32
        let protects: UInt32
        let isShared: UInt32
        let typeMask: UInt32
        /// All of the above, and those of lock elision.
        let known: UInt32
        /// `PTHREAD_MUTEX_NORMAL` and `PTHREAD_MUTEX_ADAPTIVE_NP`: locked twice by one thread, they
        /// stop it.
        let stopsItself: Set<UInt32>
        /// Bits of the word of a mutex with a priority ceiling that are not that ceiling
        /// (`PTHREAD_MUTEX_PRIO_CEILING_MASK`).
        let protectedMask: UInt32
    }

    /// `struct __pthread_rwlock_arch_t` (sysdeps/nptl/bits/struct_rwlock.h of glibc).
    struct ReadWriteLock: Hashable, Sendable {
        /// `__readers`, `__wrphase_futex` and `__writers_futex`, in which threads wait.
        let readers: UInt64
        let phase: UInt64
        let writers: UInt64
        /// What a thread waits with in the second and the third.
        let phaseValues: ClosedRange<UInt32>
        /// `__cur_writer`.
        let writer: UInt64
        /// `__shared`.
        let isShared: UInt64
        /// `__flags`.
        let flags: UInt64
        let mostFlags: UInt32
    }

    /// `struct __pthread_cond_s` (sysdeps/nptl/bits/thread-shared-types.h of glibc).
    struct Condition: Hashable, Sendable {
        /// `__wrefs`, which counts waiters by eights.
        let references: UInt64
        let referencesShift: UInt32
        /// `__g_signals[0]` and `[1]`, in which threads wait.
        let signals: [UInt64]
    }

    /// The 2.30 and all that followed.
    static let glibc = CLibraryLayout(
        versions: "glibc 2.30-2.43",
        mutex: Mutex(
            word: 0, owner: 8, kind: 16, isRobust: 0x10, inherits: 0x20, protects: 0x40,
            isShared: 0x80, typeMask: 0x03, known: 0x3f3, stopsItself: [0, 3],
            protectedMask: 0x7_ffff),
        readWriteLock: ReadWriteLock(
            readers: 0, phase: 8, writers: 12, phaseValues: 2...3, writer: 24, isShared: 28,
            flags: 48, mostFlags: 2),
        condition: Condition(references: 36, referencesShift: 3, signals: [40, 44]))
}

/// Where the thread-local variables of images lie, seen from a thread's thread pointer.
struct ThreadStorageLayout: Hashable, Sendable {
    /// The dynamic thread vector: the word here, counted from the thread pointer (`dtv` of
    /// `tcbhead_t`, nptl/tls.h of glibc).
    let vector: UInt64
    /// Whether blocks of what was there at start lie below the thread pointer (variant II of TLS),
    /// not above it and what stands there (variant I).
    let isBelow: Bool
    /// Bytes between the thread pointer and the nearest word of such a block.
    let distance: UInt64

    /// psABI of AMD64.
    static let x86_64 = ThreadStorageLayout(vector: 8, isBelow: true, distance: 16)
    /// ELF for the Arm 64-bit architecture.
    static let aarch64 = ThreadStorageLayout(vector: 0, isBelow: false, distance: 16)

    /// Of the vector (`dtv_t`, sysdeps/generic/dl-dtv.h): entries of {block, to free}, by the
    /// number of the module; two words before the vector, how many there are.
    static let entrySize: UInt64 = 16
    static let countBefore: UInt64 = 16

    /// What glibc tells debuggers of its threads (nptl_db/db_info.c, for libthread_db): three 32-bit
    /// numbers a field: how many bits it has, how many elements, where it is.
    enum Description {
        static let threadID = "_thread_db_pthread_tid"
        static let blockSize = "_thread_db_sizeof_pthread"
        static let bits: UInt64 = 0
        static let offset: UInt64 = 8
        /// Far more than the block's size, which is 2304 in glibc 2.36.
        static let sizeLimit: UInt32 = 1 << 16
    }
}
