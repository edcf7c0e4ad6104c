import AttachReport

/// Reads task groups and the children of tasks (stdlib/public/Concurrency/TaskGroup.cpp).
struct TaskGroups {
    /// Every group met, by address.
    private(set) var groups: [GroupRecord] = []
    private var walk: BoundedWalk
    /// Where the virtual functions of each class of group begin; empty where that is not known.
    private let discarding: Set<UInt64>
    private let accumulating: Set<UInt64>

    private static let discardingTable = "_ZTVN12_GLOBAL__N_119DiscardingTaskGroupE"
    private static let accumulatingTable = "_ZTVN12_GLOBAL__N_121AccumulatingTaskGroupE"
    /// The symbols that are asked for.
    static let symbolNames: Set<String> = [discardingTable, accumulatingTable]

    init(symbols: RuntimeSymbols, taskCount: Int) {
        // A task is the child of one other.
        walk = BoundedWalk(limit: taskCount + 1, total: 4 * taskCount + 4096)
        func functions(_ name: String) -> Set<UInt64> {
            Set(symbols[name].map { $0.value &+ TaskGroupLayout.functionsInTable })
        }
        discarding = functions(Self.discardingTable)
        accumulating = functions(Self.accumulatingTable)
    }

    /// The ids of a task's children, oldest first; notes its groups.
    mutating func children(
        of task: TaskHeader, _ records: StatusRecords, _ view: inout RuntimeView
    ) -> [UInt64] {
        guard !records.children.isEmpty else { return [] }
        var result: [UInt64] = []
        for children in records.children.reversed() {
            switch children {
            case .asyncLet(let first):
                result += list(first, of: task, &view)
            case .group(let record, let first):
                let members = list(first, of: task, &view)
                result += members
                add(record, owner: task, members, &view)
            }
        }
        return result
    }

    private mutating func list(
        _ first: UInt64, of owner: TaskHeader, _ view: inout RuntimeView
    ) -> [UInt64] {
        var result: [UInt64] = []
        walk.restart()
        var next = first
        while next != 0 {
            if let stop = walk.step(to: next) {
                view.gaps.add(
                    .children, ofTask: owner.id, at: next, stop == .cycle ? .cycle : .limit)
                break
            }
            guard let position = view.position(of: next) else {
                view.gaps.add(
                    .children, ofTask: owner.id, at: next, .inconsistent,
                    "a child that is no task")
                break
            }
            let child = view.tasks[position]
            guard child.parent == owner.address else {
                view.gaps.add(
                    .children, ofTask: owner.id, at: next, .inconsistent,
                    "a child that has another parent")
                break
            }
            result.append(child.id)
            next = child.nextChild
        }
        return result
    }

    private mutating func add(
        _ record: UInt64, owner: TaskHeader, _ members: [UInt64], _ view: inout RuntimeView
    ) {
        typealias Layout = TaskGroupLayout
        let address = record &- Layout.record
        guard record > Layout.record, let table = view.reader.word(address, Layout.functions),
            let status = view.reader.word(address, view.layout.group.status)
        else {
            view.gaps.add(.group, ofTask: owner.id, at: address, .unmapped)
            return
        }
        let isDiscarding: Bool? =
            discarding.contains(table) ? true : accumulating.contains(table) ? false : nil
        let ready = (status >> Layout.readyShift) & Layout.countMask
        let pending =
            isDiscarding == true || (isDiscarding == nil && ready == 0)
            ? status & Layout.discardingMask : status & Layout.countMask
        groups.append(
            GroupRecord(
                address: Address(address), owner: owner.id, isDiscarding: isDiscarding,
                isCancelled: status & Layout.isCancelled != 0, pending: Int(clamping: pending),
                children: members))
    }
}
