import AttachReport

/// Finds out who could still resume the tasks that wait in continuations.
///
/// A continuation is the address of its task, so what is looked for is that address in memory that
/// somebody can reach. The memory of a task that waits in a continuation, or for such a task,
/// counts as reachable only once somebody who can resume it was found: until then it can do
/// nothing. Two such tasks that hold nothing but each other's continuation are lost both.
struct ContinuationSearch {
    /// What was found for a task.
    struct Finding {
        /// Places that hold its address and may be its continuation; no more than a few.
        var places: [Reachability.Place] = []
        /// How many such places there are.
        var count = 0
        /// Objects of checked continuations that hold it.
        var canary: UInt64?
        /// Places that refer to that object.
        var canaryPlaces: [Reachability.Place] = []
        /// Why it cannot be told; nil where it can.
        var unknownBecause: String?
    }

    /// By the task's place in the list; nil for those that wait in no continuation.
    private(set) var findings: [Finding?]
    /// Bytes that were searched.
    private(set) var bytesSearched: UInt64 = 0
    /// Memory in use by itself.
    let inUse: MemoryInUse
    /// The reader of the memory.
    private(set) var reader: WordReader

    static let placeLimit = 3
    /// Tasks with more slabs than this are not looked at so closely: it would take too long.
    private static let fewRanges = 16

    private let tasks: [RawTask]
    private let helpers: [TimerHelper]
    private let layout: RuntimeLayout
    private var heap: Reachability
    private var memories: [TaskMemory] = []
    /// Tasks that can do nothing as far as is known, by the blocks that are theirs.
    private var owners: [Int] = []
    private var ownerIndex = AddressIndex([])
    private let taskAtAddress: AddressIndex
    private var waiters: [Int: [Int]] = [:]
    private var isBlocked: [Bool]
    private var canaries: [UInt64: Int] = [:]
    private var excluded: Set<UInt64> = []
    private var freed: [Int] = []
    private var slabWalk: SlabWalk
    private let cache: DispatchCache

    init?(
        capture: Capture, memory: TargetMemory, runtime: RuntimeState, heap: some BlockMap,
        stacks: ThreadStacks
    ) {
        guard let layout = runtime.layout, runtime.location != nil else { return nil }
        self.layout = layout
        tasks = runtime.tasks
        helpers = runtime.helpers
        reader = WordReader(memory)
        self.heap = Reachability(heap.map, memory)
        cache = DispatchCache(threads: capture.threads, map: heap.map, reader: reader)
        inUse = MemoryInUse(capture: capture, heap: heap, stacks: stacks)
        slabWalk = SlabWalk(
            tasks: runtime.tasks.count + runtime.helpers.count,
            bytes: memory.segments.reduce(0) {
                $1.isCaptured ? $0 &+ ($1.end &- $1.start) : $0
            })
        taskAtAddress = AddressIndex(tasks.map(\.record.address.value))
        findings = Array(repeating: nil, count: tasks.count)
        isBlocked = Array(repeating: false, count: tasks.count)
        memories.reserveCapacity(tasks.count)
        prepare()
        findCanaries(heap.map)
        excludeLinks(runtime.groups)
        run(capture)
        bytesSearched = self.heap.bytesSearched
    }

    /// The blocks that tasks keep their frames in, by the tasks' ids.
    var slabs: [(task: UInt64, slabs: [UInt64])] {
        zip(tasks, memories).map { ($0.record.id, $1.slabs) }
    }

    /// Whether a task waits for somebody to resume it.
    static func isCandidate(_ record: TaskRecord) -> Bool {
        record.wait == .continuation || record.wait == .stream
    }

    // MARK: Whose memory

    private mutating func prepare() {
        // The child of an `async let` lies in its parent's memory, as does what it has captured:
        // it can use what its parent, who waits, has there.
        let parents = Set(
            tasks.filter { $0.record.flags.contains(.asyncLet) }.compactMap(\.record.parent))
        for (index, task) in tasks.enumerated() {
            let record = task.record
            let memory = TaskMemory(
                of: record.address.value, hasEnded: record.state == .completed, layout: layout,
                heap: heap, walk: &slabWalk, reader: &reader)
            memories.append(memory)
            guard Self.isCandidate(record) else { continue }
            var finding = Finding()
            if memory.block == nil {
                finding.unknownBecause =
                    record.flags.contains(.asyncLet)
                    ? "the task lies in the memory of its parent"
                    : "the task does not lie in a heap of glibc"
            } else if !memory.isWhole {
                finding.unknownBecause = "the memory of the task is not whole"
            } else if parents.contains(record.id) {
                finding.unknownBecause = "a child task (async let) lies in its memory"
            } else if record.hasCancellationHandler, record.parent != nil || record.group != nil {
                // Cancelling calls the handler, and that may resume.
                finding.unknownBecause = "its parent can cancel it, and it asked to be told"
            }
            findings[index] = finding
            isBlocked[index] = finding.unknownBecause == nil
        }
        blockWaiters(except: parents)
        var blocks: [UInt64] = []
        for index in tasks.indices where isBlocked[index] {
            guard let block = memories[index].block else { continue }
            for block in [block] + memories[index].slabs where heap.watch(block) {
                blocks.append(block)
                owners.append(index)
            }
        }
        ownerIndex = AddressIndex(blocks)
    }

    /// Who waits for the end of a blocked task can do no more than that. One who is told of a
    /// cancellation can.
    private mutating func blockWaiters(except parents: Set<UInt64>) {
        var byID: [UInt64: Int] = [:]
        for (index, task) in tasks.enumerated() { byID[task.record.id] = index }
        var all: [Int: [Int]] = [:]
        for (index, task) in tasks.enumerated() {
            guard case .task(let id) = task.record.wait, !task.record.hasCancellationHandler,
                !parents.contains(task.record.id), let other = byID[id],
                memories[index].block != nil, memories[index].isWhole
            else { continue }
            all[other, default: []].append(index)
        }
        var open = tasks.indices.filter { isBlocked[$0] }
        while let index = open.popLast() {
            for waiter in all[index] ?? [] where !isBlocked[waiter] {
                isBlocked[waiter] = true
                waiters[index, default: []].append(waiter)
                open.append(waiter)
            }
        }
    }

    // MARK: What is no continuation

    /// Objects of class `CheckedContinuationCanary`.
    private mutating func findCanaries(_ map: HeapMap) {
        var classes: [UInt64: Bool] = [:]
        var types = TypeReader()
        var found: [(object: UInt64, task: Int)] = []
        var reader = reader
        let taskAtAddress = taskAtAddress
        map.eachBlock { block in
            let size = map.size(of: block)
            guard size >= LibraryLayout.canarySize, size < LibraryLayout.canarySize + map.granule,
                let task = reader.word(block.address, LibraryLayout.canaryTask).flatMap({
                    taskAtAddress[$0]
                }),
                let isa = reader.word(block.address)
            else { return }
            if classes[isa] == nil {
                let name = types.nameOfObject(block.address, &reader)
                classes[isa] = name == LibraryLayout.canaryName
            }
            if classes[isa] == true { found.append((block.address, task)) }
        }
        for (object, task) in found where findings[task] != nil && heap.watch(object) {
            canaries[object] = task
            findings[task]?.canary = object
        }
    }

    /// Places where the runtime keeps addresses of tasks that it does not resume by them: links to
    /// neighbours in queues, which are stale while a task waits in a continuation; children's
    /// links to parents and siblings; groups' to children.
    private mutating func excludeLinks(_ groups: [GroupRecord]) {
        let addresses = tasks.map(\.record.address.value) + helpers.map(\.address)
        for address in addresses {
            for offset in [JobLayout.link, JobLayout.queue] { exclude(address &+ offset) }
        }
        for task in tasks where task.record.flags.contains(.child) {
            let fragment = task.record.address.value &+ layout.taskSize &+ layout.nameFragmentSize
            for offset in stride(from: UInt64(0), to: layout.childFragmentSize, by: 8) {
                exclude(fragment &+ offset)
            }
        }
        // The record of its children.
        for group in groups {
            let record = group.address.value &+ TaskGroupLayout.record
            for offset in [StatusRecordLayout.firstChild, StatusRecordLayout.lastChild] {
                exclude(record &+ offset)
            }
        }
    }

    private mutating func exclude(_ place: UInt64) {
        guard let word = reader.word(place), let task = taskAtAddress[word],
            isBlocked[task]
        else { return }
        excluded.insert(place)
    }

    // MARK: The search

    private mutating func run(_ capture: Capture) {
        for index in tasks.indices where !isBlocked[index] { release(index) }
        for helper in helpers {
            let memory = TaskMemory(
                of: helper.address, hasEnded: false, layout: layout, heap: heap,
                walk: &slabWalk, reader: &reader)
            for range in memory.ranges { heap.add(range) }
        }
        for range in inUse.ranges { heap.add(range) }
        search(ofThreads: capture)
        goOn()
        // Packed structures may lie anywhere. That takes longer, and is needed only where something
        // would be called lost.
        for _ in 0..<Self.mostPackedPasses {
            guard findings.contains(where: { $0?.unknownBecause == nil && $0?.count == 0 }) else {
                return
            }
            let reached = heap.reachedCount
            search(isPacked: true)
            goOn()
            if heap.reachedCount == reached { return }
        }
        for index in findings.indices where findings[index]?.count == 0 {
            findings[index]?.unknownBecause = "memory leads on and on at odd addresses"
        }
    }

    private static let mostPackedPasses = 8

    private mutating func goOn() {
        repeat {
            for index in freed { release(index) }
            freed = []
            search()
        } while !freed.isEmpty
    }

    private mutating func search(ofThreads capture: Capture? = nil, isPacked: Bool = false) {
        // The closures below have this value to themselves, and so must not share its map.
        var heap = heap
        self.heap = Reachability(HeapMap(), TargetMemory())
        for word in capture?.kernelReferences?.words ?? [] {
            heap.add(word: word, ofThread: nil) { judge($0, $1, $2) }
        }
        let library = LibraryCode(capture?.mappings ?? [])
        for thread in capture?.threads ?? [] {
            guard let registers = thread.registers else { continue }
            for word in registers.words {
                heap.add(word: word, ofThread: thread.id) { judge($0, $1, $2) }
            }
            guard !library.hasWaiting(thread) else { continue }
            for words in registers.vectors.values {
                heap.add(vectors: words, ofThread: thread.id) { judge($0, $1, $2) }
            }
        }
        if isPacked { heap.searchPacked { judge($0, $1, $2) } }
        heap.search { judge($0, $1, $2) }
        self.heap = heap
    }

    /// Takes the memory of a task for in use.
    private mutating func release(_ index: Int) {
        let memory = memories[index]
        for block in memory.slabs + [memory.block].compactMap(\.self) { heap.mark(block: block) }
        for range in memory.ranges { heap.add(range) }
    }

    private mutating func judge(
        _ target: UInt64, _ block: UInt64, _ place: Reachability.Place
    ) -> Reachability.Verdict {
        guard let owner = ownerIndex[block].map({ owners[$0] }) else {
            noteCanary(block, place)
            return .follow
        }
        if let block = place.block, let other = ownerIndex[block], owners[other] == owner {
            return .ignore
        }
        // A pointer to a frame counts as well: it may lead to a continuation that lies there. But
        // beyond what the task has allocated nothing is kept: such a pointer is a left-over.
        let ranges = memories[owner].ranges
        if ranges.count <= Self.fewRanges, !ranges.contains(where: { $0.contains(target) }) {
            return .ignore
        }
        let isTask = target == tasks[owner].record.address.value
        guard findings[owner] != nil else {
            // It waits for a task that nobody can resume: no reference to it makes it run.
            if !isTask, !excluded.contains(place.address) { free(owner) }
            return .ignore
        }
        if excluded.contains(place.address) || isTask && cache.holds(place) { return .ignore }
        findings[owner]?.count += 1
        if let count = findings[owner]?.places.count, count < Self.placeLimit {
            findings[owner]?.places.append(place)
        }
        free(owner)
        return .ignore
    }

    private mutating func noteCanary(_ block: UInt64, _ place: Reachability.Place) {
        guard let task = canaries[block], let count = findings[task]?.canaryPlaces.count,
            count < Self.placeLimit
        else { return }
        findings[task]?.canaryPlaces.append(place)
    }

    /// Somebody holds a task's continuation: what it holds itself counts from now on.
    private mutating func free(_ index: Int) {
        guard isBlocked[index] else { return }
        var open = [index]
        while let index = open.popLast() {
            guard isBlocked[index] else { continue }
            isBlocked[index] = false
            freed.append(index)
            open += waiters[index] ?? []
        }
    }
}
