/// Tells living `async let` tasks from those whose scope has ended.
///
/// Such a task lies in its parent's memory, is never counted, and stays there, complete and whole,
/// until the memory is used again. It lives only while its parent's records name it.
enum AsyncLetTasks {
    /// The tasks of `tasks` that live, in order.
    static func living(_ tasks: [TaskHeader], reader: inout WordReader) -> [TaskHeader] {
        guard tasks.contains(where: \.isImmortal) else { return tasks }
        let index = AddressIndex(tasks.lazy.map(\.address))
        var lives = tasks.map { !$0.isImmortal }
        var work = tasks.indices.filter { lives[$0] }
        var walk = BoundedWalk(
            limit: StatusRecords.limit, total: RuntimeView.linkLimit(of: reader.memory))
        while let position = work.popLast() {
            let task = tasks[position]
            let records = StatusRecords.read(from: task.records, walk: &walk, reader: &reader)
            for case .asyncLet(let first) in records.children {
                guard let child = index[first], !lives[child],
                    tasks[child].parent == task.address
                else { continue }
                lives[child] = true
                work.append(child)
            }
        }
        return tasks.indices.filter { lives[$0] }.map { tasks[$0] }
    }
}
