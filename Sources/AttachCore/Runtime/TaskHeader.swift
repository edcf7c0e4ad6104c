/// The words of a task object that everything else is decoded from.
struct TaskHeader: BitwiseCopyable {
    var address: UInt64
    var references: UInt64
    var queue: UInt64
    var flags: JobFlags
    var status: TaskStatus
    var id: UInt64
    var resume: UInt64
    var context: UInt64
    var records: UInt64
    var dependency: UInt64
    var basePriority: UInt8
    /// From the child fragment; 0 without one.
    var parent: UInt64 = 0
    var nextChild: UInt64 = 0
    /// From the group child fragment; 0 without one.
    var group: UInt64 = 0
    /// From the future fragment: result state in the low two bits, newest waiter in the others.
    var waitQueue: UInt64 = 0
    var resultType: UInt64 = 0
    var error: UInt64 = 0
    /// Where its outermost context must lie.
    var root: UInt64 = 0
    /// From the name fragment of layouts that have one; 0 otherwise.
    var name: UInt64 = 0

    /// Whether the result is there, whatever the status says.
    var hasResult: Bool { waitQueue & TaskFragments.resultMask != 0 }

    /// Whether the object is never counted: `async let` tasks, which live in their parent's memory.
    var isImmortal: Bool { ReferenceCounts(references).isImmortal }

    /// References beyond the first; nil for an immortal object.
    var strongExtra: Int? { ReferenceCounts(references).strongExtra }
}

extension TaskHeader {
    /// What can be checked of a task without knowing its layout: the job header.
    ///
    /// Every place where the isa of a task stands comes here, so that this must be quick: it
    /// reads nothing outside of the object.
    @inline(__always)
    static func looksLikeJob(
        _ address: UInt64, reader: inout WordReader, code: CodeRanges
    ) -> Bool {
        // Tasks never get a side table.
        guard address & (JobLayout.alignment - 1) == 0,
            let references = reader.word(address, ObjectLayout.references),
            ReferenceCounts(references).isAlive,
            let rawFlags = reader.half(address &+ JobLayout.flags)
        else { return false }
        let flags = JobFlags(rawValue: rawFlags)
        guard flags.kind == 0, isTaskPriority(flags.priority),
            let id = reader.half(address &+ JobLayout.identifier),
            let voucher = reader.word(address, JobLayout.voucher),
            id != 0, voucher == 0 || voucher == .max,
            let resume = reader.word(address, JobLayout.resume)
        else { return false }
        return code.contains(resume)
    }

    /// The header of the task at `address`, if it is one under this layout.
    static func validated(
        _ address: UInt64, layout: RuntimeLayout, reader: inout WordReader,
        types: inout TypeReader, code: CodeRanges
    ) -> TaskHeader? {
        guard var header = TaskHeader(address, layout: layout, reader: &reader),
            layout.allowsUnknownBits || header.flags.isDisjoint(with: .reserved),
            layout.allowsUnknownBits || header.status.isSubset(of: .known),
            isTaskPriority(header.status.priority), isTaskPriority(header.basePriority),
            header.records & 7 == 0, header.dependency & 7 == 0,
            header.records == 0 || reader.word(header.records) != nil
        else { return nil }
        let fragments = header.readFragments(layout: layout, reader: &reader)
        guard let end = fragments,
            let root = header.predictedRoot(
                fragmentsEnd: end, reader: &reader, types: &types, code: code)
        else { return nil }
        header.root = root
        return header
    }

    private init?(_ address: UInt64, layout: RuntimeLayout, reader: inout WordReader) {
        guard let references = reader.word(address, ObjectLayout.references),
            let queue = reader.word(address, JobLayout.queue),
            let flags = reader.half(address &+ JobLayout.flags),
            let idLow = reader.half(address &+ JobLayout.identifier),
            let idHigh = reader.half(address &+ layout.identifierHigh),
            let resume = reader.word(address, JobLayout.resume),
            let context = reader.word(address, JobLayout.context),
            let status = reader.half(address &+ layout.status),
            let records = reader.word(address, layout.records),
            let dependency = reader.word(address, layout.dependency),
            let basePriority = reader.load(address &+ layout.basePriority, as: UInt8.self)
        else { return nil }
        self.address = address
        self.references = references
        self.queue = queue
        self.flags = JobFlags(rawValue: flags)
        self.status = TaskStatus(rawValue: status)
        self.id = UInt64(idLow) | UInt64(idHigh) << 32
        self.resume = resume
        self.context = context
        self.records = records
        // The word means something only while the status says so; before 5.9 it is another's.
        self.dependency = self.status.contains(.hasDependency) ? dependency : 0
        self.basePriority = basePriority
    }

    /// Reads the fragments behind the task and returns where the future fragment's fixed part (or
    /// the last fragment) ends; nil where they cannot be read.
    private mutating func readFragments(
        layout: RuntimeLayout, reader: inout WordReader
    ) -> UInt64? {
        guard var position = add(address, layout.taskSize) else { return nil }
        if layout.nameFragmentSize > 0, flags.contains(.hasInitialName) {
            guard let word = reader.word(position, TaskFragments.name) else { return nil }
            name = word
            position &+= layout.nameFragmentSize
        }
        if flags.contains(.isChild) {
            guard let up = reader.word(position, TaskFragments.parent),
                let next = reader.word(position, TaskFragments.nextChild),
                up != 0, up & (JobLayout.alignment - 1) == 0
            else { return nil }
            parent = up
            nextChild = next
            position &+= layout.childFragmentSize
        }
        if flags.contains(.isGroupChild) {
            guard let word = reader.word(position, TaskFragments.group), word != 0,
                word & 7 == 0
            else { return nil }
            group = word
            position &+= TaskFragments.groupSize
        }
        guard flags.contains(.isFuture) else { return position }
        guard let queue = reader.word(position, TaskFragments.waitQueue),
            let type = reader.word(position, TaskFragments.resultType),
            let box = reader.word(position, TaskFragments.error)
        else { return nil }
        waitQueue = queue
        resultType = type
        error = box
        return add(position, TaskFragments.futureSize)
    }

    /// Where the root context must lie: behind the result, aligned, and a prefix of pointers.
    /// Whether it does is seen from what must stand there: no parent, the completion function,
    /// and the entry point in the prefix.
    private func predictedRoot(
        fragmentsEnd: UInt64, reader: inout WordReader, types: inout TypeReader, code: CodeRanges
    ) -> UInt64? {
        guard flags.contains(.isFuture) else {
            return checkedRoot(aligned(fragmentsEnd, TaskPrefix.size, 0), &reader, code)
        }
        let contextMask = AsyncContextLayout.alignmentMask
        guard let result = types.valueLayout(resultType, &reader) else { return nil }
        let mask = result.alignmentMask
        let storage = aligned(fragmentsEnd, 0, mask)
        let first = aligned(storage, result.size &+ TaskPrefix.futureSize, contextMask)
        if let root = checkedRoot(first, &reader, code) { return root }
        // The runtime aligns the result relative to its fragment, which matters for alignments
        // above 8 alone.
        guard mask > 7 else { return nil }
        let fixed = TaskFragments.futureSize
        let relative = fragmentsEnd &- fixed &+ ((fixed &+ mask) & ~mask)
        return checkedRoot(
            aligned(relative, result.size &+ TaskPrefix.futureSize, contextMask), &reader, code)
    }

    private func checkedRoot(
        _ root: UInt64, _ reader: inout WordReader, _ code: CodeRanges
    ) -> UInt64? {
        guard root > address, reader.word(root, AsyncContextLayout.parent) == 0,
            let completion = reader.word(root, AsyncContextLayout.resumeParent),
            code.contains(completion), let entry = reader.word(root &- TaskPrefix.entryPoint),
            code.contains(entry)
        else { return nil }
        return root
    }

    private func aligned(_ base: UInt64, _ more: UInt64, _ mask: UInt64) -> UInt64 {
        (base &+ more &+ mask) & ~mask
    }

    private func add(_ base: UInt64, _ more: UInt64) -> UInt64? {
        let (sum, overflow) = base.addingReportingOverflow(more)
        return overflow ? nil : sum
    }
}
