import AttachReport

@testable import AttachCore

/// Compares the layouts with what a process knows of itself.
struct LayoutComparison {
    /// A line of the table.
    struct Row {
        /// What was compared.
        var name: String
        /// What the layouts say.
        var layout: String
        /// What was found instead; nil where they agree.
        var difference: String?
    }

    private(set) var rows: [Row] = []
    let look: RuntimeLook
    private let snapshot: Snapshot
    private let names: LayoutNames
    private let heap: GlibcHeap
    private var reader: WordReader
    private var types = TypeReader()

    /// Nil where no layout was proven by the tasks.
    init?(_ look: RuntimeLook) {
        guard let layout = look.state.layout else { return nil }
        self.look = look
        var assembler = SnapshotAssembler(look.capture)
        snapshot = assembler.snapshot()
        reader = WordReader(look.memory)
        heap = GlibcHeap(mappings: look.capture.mappings, memory: look.memory)
        let table = look.images.addresses(ofSymbols: [DispatchLayout.offsetsSymbol])
        let told = table.values.first?.first.flatMap { DispatchLayout(at: $0, look.memory) }
        names = LayoutNames(layout: layout, dispatch: told ?? .linux)
        compareExports(layout)
        compareDispatchTable(table.values.first?.first)
        compareThreadDescriptions()
    }

    private mutating func compare(_ name: String, _ layout: UInt64?, _ found: UInt64?) {
        guard let found else { return }
        rows.append(
            Row(
                name: name, layout: layout.map { "\($0)" } ?? "none",
                difference: layout == found ? nil : "\(found)"))
    }

    // MARK: What libraries say of themselves

    private mutating func compareExports(_ layout: RuntimeLayout) {
        let runtime = look.state.runtime
        rows.append(
            Row(
                name: "layout of Swift \(runtime.layout ?? "?"), layout version "
                    + (runtime.layoutVersion.map { "\($0)" } ?? "none"),
                layout: "proven"))
        compare("sizeof(AsyncTask)", layout.taskSize, look.state.location?.taskSize)
        // Every slab of a task begins with the address that the runtime exports for it.
        let symbol = RuntimeLocator.prefix + "asyncTaskSlabMetadata"
        guard let place = look.images.addresses(ofSymbols: [symbol])[symbol]?.first,
            let metadata = reader.word(place.value)
        else { return }
        for task in look.state.tasks where task.record.state == .suspended {
            take(
                Claim(
                    name: "slab.metadata", object: task.record.address.value,
                    through: ["task.firstSlab"], values: [metadata]))
            take(
                Claim(
                    name: "slab.metadata", object: task.record.address.value,
                    through: ["task.lastAllocation", "allocation.slab"], values: [metadata]))
        }
    }

    /// `struct dispatch_queue_offsets_s`: numbers of 16 bits.
    private mutating func compareDispatchTable(_ table: Address?) {
        guard let table else { return }
        func number(_ index: UInt64) -> UInt64? {
            table.advanced(by: index * 2).flatMap { look.memory.load($0, as: UInt16.self) }
                .map(UInt64.init)
        }
        compare("dispatch_queue_offsets label", DispatchLayout.linux.label, number(1))
        compare("dispatch_queue_offsets serialnum", DispatchLayout.serialNumber, number(5))
        compare("dispatch_queue_offsets target_queue", DispatchLayout.target, number(13))
    }

    /// What glibc tells libthread_db: bits, elements, offset.
    private mutating func compareThreadDescriptions() {
        func field(_ name: String, _ offset: UInt64) -> UInt64? {
            let symbol = "_thread_db_" + name
            return look.images.addresses(ofSymbols: [symbol])[symbol]?.first
                .flatMap { $0.advanced(by: offset) }
                .flatMap { look.memory.load($0, as: UInt32.self) }.map(UInt64.init)
        }
        let storage: ThreadStorageLayout =
            look.capture.architecture == .x86_64 ? .x86_64 : .aarch64
        if look.capture.architecture == .x86_64 {
            compare("_thread_db_pthread_dtvp", storage.vector, field("pthread_dtvp", 8))
        }
        compare(
            "_thread_db_dtv_dtv, bytes", ThreadStorageLayout.entrySize,
            field("dtv_dtv", 0).map { $0 / 8 })
        compare("_thread_db_dtv_t_pointer_val", 0, field("dtv_t_pointer_val", 8))
    }

    /// Compares a task with what the toolchain's own reader says of it: its id, and whether it is a
    /// child, a future, a group's child, an `async let`, cancelled.
    mutating func take(mirrored answer: RuntimeOracleTests.Answer) {
        guard
            let task = look.state.tasks.first(where: {
                $0.record.address.description == answer.address
            })?.record
        else { return }
        compare("id, as RemoteMirror sees it", task.id, answer.id)
        let flags = [
            task.flags.contains(.child), true, task.flags.contains(.groupChild),
            task.flags.contains(.asyncLet), task.isCancelled,
        ]
        rows.append(
            Row(
                name: "flags, as RemoteMirror sees them", layout: "equal",
                difference: flags == Array(answer.flags.prefix(5)) ? nil : "\(answer.flags)"))
    }

    // MARK: What the fixture says

    /// A word that stands in an object of the fixture.
    struct Claim {
        var name: String
        var object: UInt64
        var through: [String] = []
        var values: [UInt64]
        var bits: UInt64 = 64
        var mask: UInt64 = .max

        var title: String { (through + [name]).joined(separator: " → ") }
    }

    /// Compares a claim.
    mutating func take(_ claim: Claim) {
        var object = claim.object
        for step in claim.through {
            guard let next = follow(step, from: object) else {
                rows.append(
                    Row(
                        name: claim.title, layout: offset(of: step, in: object) ?? "?",
                        difference: "\(step) leads nowhere"))
                return
            }
            object = next
        }
        guard let place = names[claim.name] else {
            rows.append(Row(name: claim.title, layout: "?", difference: "an unknown name"))
            return
        }
        // This version has no such word.
        guard let offset = absolute(place, in: object) else { return }
        let isThere = matches(claim, object, offset)
        let elsewhere = stride(from: Int64(-64), to: 512, by: Int(claim.bits / 8)).filter {
            matches(claim, object, $0)
        }
        rows.append(
            Row(
                name: claim.title, layout: "\(offset)",
                difference: isThere
                    ? nil
                    : elsewhere.isEmpty
                        ? "found nowhere near"
                        : "found at \(elsewhere.prefix(8).map(String.init).joined(separator: ", "))"
            ))
    }

    private mutating func matches(_ claim: Claim, _ object: UInt64, _ offset: Int64) -> Bool {
        let place = object &+ UInt64(bitPattern: offset)
        let word: UInt64? =
            switch claim.bits {
            case 8: reader.load(place, as: UInt8.self).map(UInt64.init)
            case 32: reader.half(place).map(UInt64.init)
            default: reader.word(place)
            }
        return word.map { claim.values.contains($0 & claim.mask) } ?? false
    }

    private mutating func absolute(_ place: LayoutNames.Place, in object: UInt64) -> Int64? {
        guard let fragment = place.fragment else { return place.offset }
        guard let flags = reader.half(object &+ JobLayout.flags), let offset = place.offset else {
            return nil
        }
        return names.offset(of: fragment, flags: JobFlags(rawValue: flags)) + offset
    }

    private mutating func offset(of step: String, in object: UInt64) -> String? {
        names[step].flatMap { absolute($0, in: object) }.map { "\($0)" }
    }

    /// The object that a step leads to. The low bits of pointers may be marks.
    private mutating func follow(_ step: String, from object: UInt64) -> UInt64? {
        if step.hasPrefix("kind "), let kind = UInt8(step.dropFirst(5)) {
            var record = object
            for _ in 0..<64 where record != 0 {
                guard let flags = reader.word(record, StatusRecordLayout.flags) else { return nil }
                if UInt8(truncatingIfNeeded: flags) == kind { return record }
                record = reader.word(record, StatusRecordLayout.outer) ?? 0
            }
            return nil
        }
        guard let place = names[step], let offset = absolute(place, in: object),
            let next = reader.word(object &+ UInt64(bitPattern: offset)), next & ~7 != 0
        else { return nil }
        return next & ~7
    }

    /// Compares what the tool makes of an object.
    mutating func take(question: String, object: UInt64, answer: String) {
        let found = self.answer(question, object) ?? "nothing"
        rows.append(
            Row(
                name: question, layout: answer,
                difference: found == answer ? nil : "the tool says \(found)"))
    }

    private mutating func answer(_ question: String, _ object: UInt64) -> String? {
        let task = snapshot.tasks.first { $0.address.value == object }
        let actor = snapshot.actors.first { $0.subject.address?.value == object }
        switch question {
        case "state": return task?.state.rawValue
        case "wait": return task?.wait.kind.rawValue
        case "hours until it wakes": return task?.wakesIn.map { "\($0 / 3_600_000_000_000)" }
        case "case of error":
            if case .error(_, let name)? = task?.result { return name }
            return nil
        case "thread on actor": return actor?.thread.map { "\($0)" }
        case "jobs of actor": return actor.map { "\($0.queue.count)" }
        case "type": return types.nameOfObject(object, &reader)
        case "name of type": return types.name(object, &reader)
        case "job.resume is code":
            return reader.word(object, JobLayout.resume).map { "\(look.target.code.contains($0))" }
        case "string at canary.function":
            return SwiftString.read(object &+ LibraryLayout.canaryFunction, &reader)
        case "size of block":
            return heap.map.block(from: object).map { "\(heap.map.size(of: $0))" }
        case "strong references":
            return reader.word(object, ObjectLayout.references)
                .flatMap { ReferenceCounts($0).strongExtra }.map { "\($0 + 1)" }
        case "counts in side table":
            guard let word = reader.word(object, ObjectLayout.references),
                ReferenceCounts(word).sideTable != nil
            else { return nil }
            return DefaultActor.isAlive(object, &reader) ? "alive" : "dead"
        case "id in thread's block":
            let ids = LibraryThreadIDs(
                images: look.images, memory: look.memory,
                architecture: look.capture.architecture)
            return look.capture.threads.first { UInt64($0.id) == object }
                .flatMap { ids?.id(of: $0) }.map { "\($0)" }
        default: return answerOfQueue(question, object)
        }
    }

    private mutating func answerOfQueue(_ question: String, _ object: UInt64) -> String? {
        let lane = DispatchLane(object, names.dispatch)
        switch question {
        case "label of queue": return lane.label(limit: 64, &reader)
        case "is main queue": return "\(lane.isMainQueue(&reader))"
        case "items of queue":
            var walk = BoundedWalk(limit: 100)
            let items = lane.items(walk: &walk, &reader)
            return items.isWhole ? "\(items.items.count)" : "a torn list"
        default: return nil
        }
    }
}
