extension TaskWords {
    /// What is remarkable: kin, cancellation, priority; e.g. `(child of 1, cancelled)`.
    var facts: PageText {
        var facts: [PageText] = []
        if tasks.first?.isCancelled == true { facts.append("cancelled") }
        if let kinship { facts.append(kinship) }
        let children = IDList(tasks.lazy.flatMap(\.children))
        if children.count > 0 { facts.append("parent of \(children.text())") }
        facts += oddities
        if let priority { facts.append(priority) }
        if verbose, isOne, let task = tasks.first {
            facts.append("at \(task.address)")
            if let type = task.resultType { facts.append("returns \(type)") }
            if let handles = task.handles {
                facts.append(PageText(handles, "handle", "handles"))
            }
        }
        return facts.isEmpty ? "" : "(\(PageText.joined(facts, separator: ", ")))"
    }

    private var kinship: PageText? {
        let parents = IDList(tasks.lazy.compactMap(\.parent))
        guard parents.count > 0 else { return nil }
        let orphans = tasks.reduce(0) { $1.parent == nil ? $0 + 1 : $0 }
        guard orphans == 0 else {
            let count = tasks.count - orphans
            return "\(count) of them \(count == 1 ? "a child" : "children") of \(parents.text())"
        }
        let relation: PageText
        if tasks.allSatisfy({ $0.flags.contains(.asyncLet) }) {
            relation = "async let of task"
        } else if tasks.allSatisfy({ $0.flags.contains(.groupChild) }) {
            relation = "in a group of task"
        } else {
            relation = verb("child of task", "children of task")
        }
        return parents.count == 1
            ? "\(relation) \(parents.text())" : "\(relation)s \(parents.text())"
    }

    /// Flags that explain behaviour, with a count where not all tasks have them.
    private var oddities: [PageText] {
        let flags: [(TaskRecord.Flag, PageText)] = [
            (.immediate, "immediate"), (.hasExecutorPreference, "prefers an executor"),
        ]
        return flags.compactMap { flag, words in
            let count = tasks.reduce(0) { $1.flags.contains(flag) ? $0 + 1 : $0 }
            guard count > 0 else { return nil }
            return count == tasks.count ? words : "\(words): \(count)"
        }
    }

    /// The priority, unless it is the usual one.
    private var priority: PageText? {
        let medium = Priority(0x15)
        guard let first = tasks.first else { return nil }
        if tasks.allSatisfy({
            $0.priority == first.priority && $0.basePriority == first.basePriority
        }) {
            if first.priority != first.basePriority {
                return
                    "priority \(first.basePriority.description), raised to \(first.priority.description)"
            }
            return first.priority == medium ? nil : "priority \(first.priority.description)"
        }
        let priorities = Set(tasks.map(\.priority)).sorted { $0.rawValue > $1.rawValue }
        let names = priorities.prefix(8).map { PageText(escaping: $0.description) }
        return "priorities \(PageText.joined(names, separator: " "))"
    }
}
