/// The header of every Swift object (`HeapObject`, stdlib/public/SwiftShims/swift/shims/HeapObject.h).
enum ObjectLayout {
    /// Metadata.
    static let isa: UInt64 = 0
    /// `InlineRefCounts`.
    static let references: UInt64 = 8
    /// Where its fields begin.
    static let firstField: UInt64 = 16
}

/// The reference counts of an object (`InlineRefCounts` and `RefCountBitOffsets<8>`,
/// stdlib/public/SwiftShims/swift/shims/RefCount.h): bit 0 pure Swift, 1-31 unowned count, 32
/// deiniting, 33-62 strong count beyond the first, 63 slow.
///
/// `Masks` are what the search in C (CLinux/ObjectSearch.c) is given.
struct ReferenceCounts: Hashable, Sendable {
    /// The word.
    let bits: UInt64

    /// Where the parts of the word are.
    enum Masks {
        static let isPure: UInt64 = 1
        static let unowned: UInt64 = 0xffff_fffe
        static let unownedShift: UInt64 = 1
        static let isDeiniting: UInt64 = 1 << 32
        static let strongShift: UInt64 = 33
        static let strong: UInt64 = 0x3fff_ffff
        static let isSlow: UInt64 = 1 << 63
        /// Slow with this one is a side table.
        static let sideTable: UInt64 = 3 << 62
        /// An object that is never counted.
        static let immortal: UInt64 = 0x8000_0004_ffff_ffff
        /// Nobody has more unowned references; without a limit, any text would do.
        static let mostUnowned: UInt64 = 1 << 20
    }

    /// Takes a word for reference counts.
    @inline(__always)
    init(_ bits: UInt64) { self.bits = bits }

    /// Whether the object is never counted.
    @inline(__always)
    var isImmortal: Bool { bits == Masks.immortal }

    /// References beyond the first; nil for an immortal object.
    var strongExtra: Int? {
        isImmortal
            ? nil : Int(truncatingIfNeeded: (bits >> Masks.strongShift) & Masks.strong)
    }

    /// Whether the object has not been destroyed, by a word that holds the counts themselves.
    @inline(__always)
    var isAlive: Bool {
        if bits & Masks.isSlow != 0 { return isImmortal }
        let unowned = (bits & Masks.unowned) >> Masks.unownedShift
        return bits & Masks.isDeiniting == 0 && unowned &- 1 < Masks.mostUnowned
    }

    /// Where the counts lie once somebody refers to the object weakly (`HeapObjectSideTableEntry`);
    /// nil where they are here.
    var sideTable: UInt64? {
        bits & Masks.sideTable == Masks.sideTable ? (bits & ~Masks.sideTable) << 3 : nil
    }

    /// Of a side table: the object, and the counts.
    static let objectInSideTable: UInt64 = 0
    static let countsInSideTable: UInt64 = 16
}

/// Objects of the standard library whose parts are read.
enum LibraryLayout {
    /// `_ContiguousArrayStorage`: how many elements, and the first of them
    /// (stdlib/public/core/ContiguousArrayBuffer.swift).
    static let arrayCount: UInt64 = 16
    static let arrayElements: UInt64 = 32

    /// `CheckedContinuationCanary`: the task, and the function that made it, a string
    /// (stdlib/public/Concurrency/CheckedContinuation.swift).
    static let canaryTask: UInt64 = 16
    static let canaryFunction: UInt64 = 24
    /// Bytes of it.
    static let canarySize: UInt64 = 40
    static let canaryName = "CheckedContinuationCanary"

    /// `AsyncStream._Storage` and `AsyncThrowingStream._Storage`: the tasks that wait, an array;
    /// the one that does (stdlib/public/Concurrency/AsyncStreamBuffer.swift, `State`).
    static let streamWaiters: UInt64 = 16
    static let streamName = "AsyncStream._Storage"
    static let throwingStreamName = "AsyncThrowingStream._Storage"

    /// In the closure of a helper of `Task.sleep`: its token, memory with one word, which is the
    /// sleeping task, or one of these once the sleep has ended or was cancelled (`SleepState`,
    /// stdlib/public/Concurrency/TaskSleep.swift).
    static let sleepToken: UInt64 = 16
    static let sleepEnded: ClosedRange<UInt64> = 1...3
}

/// The two words of a string (stdlib/public/core/StringObject.swift).
enum StringLayout {
    /// Length and marks; the object, with the discriminator in its highest byte.
    static let count: UInt64 = 0
    static let object: UInt64 = 8
    static let countMask: UInt64 = 0x0000_ffff_ffff_ffff
    static let discriminatorShift: UInt64 = 56
    /// Up to 15 bytes in the words themselves: the discriminator, and its part that is the length.
    static let smallMask: UInt64 = 0xe0
    static let smallCountMask: UInt64 = 0xf
    /// Of the discriminator: a bridged or foreign string.
    static let isForeign: UInt64 = 0x40
    static let addressMask: UInt64 = 0x00ff_ffff_ffff_ffff
    /// From what the object's word says to the bytes (`nativeBias`).
    static let bias: UInt64 = 32
}
