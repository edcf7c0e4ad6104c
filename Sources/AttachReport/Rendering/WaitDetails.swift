/// What is known of a wait beyond its kind: who is in the way, where in the queue, when it ends.
extension TaskWords {
    /// Who keeps the one actor or executor busy that all of them queue on, e.g.
    /// ` (occupied by task 5 on thread 4250)`.
    var occupied: PageText {
        var subjects: Set<Subject> = []
        for task in tasks {
            switch task.wait {
            case .actor(let address, _): subjects.insert(.actor(address))
            case .executor(let address, _): subjects.insert(.executor(address))
            case .mainActor: subjects.insert(.mainActor)
            default: return ""
            }
            guard subjects.count == 1 else { return "" }
        }
        guard let subject = subjects.first, let actor = index.actor(subject) else { return "" }
        if let holder = index.holder(of: actor) { return " (\(holder))" }
        guard subject == .mainActor, let thread = actor.thread.flatMap(index.thread) else {
            return actor.state == .scheduled ? " (which waits for a thread of the pool)" : ""
        }
        let words = ThreadWords(index: index, verbose: verbose).activity(of: thread)
        let name: PageText =
            thread.id == index.mainThread ? "the main thread" : "its thread \(thread.id)"
        return " (\(name) \(words))"
    }

    /// `, place 2 of 3`, for one task.
    var place: PageText {
        guard tasks.count == 1, let task = tasks.first,
            let place = index.place(ofTask: task.id), place.count > 1
        else { return "" }
        return ", place \(place.number) of \(place.count)"
    }

    /// `sleeps, wakes in 3.2 s`, or the range for several.
    var sleeping: PageText {
        let isOne = tasks.count == 1
        let verb: PageText = isOne ? "sleeps" : "sleep"
        let times = tasks.compactMap(\.wakesIn)
        let overdue = times.filter { $0 <= 0 }
        let ahead = times.filter { $0 > 0 }
        var text = verb
        if let least = ahead.min(), let most = ahead.max() {
            let first = PageText(duration: least)
            let last = PageText(duration: most)
            text += ", \(isOne ? "wakes" : "wake") in \(first)"
            if last != first { text += " .. \(last)" }
        }
        if let least = overdue.min() {
            text +=
                isOne
                ? ", should have woken \(PageText(duration: least)) ago"
                : ", \(overdue.count) should have woken, up to \(PageText(duration: least)) ago"
        }
        return text
    }

    /// ` (checked, made in f(), resumed by: nobody)`, as far as it is known and holds for all.
    var continuation: PageText {
        guard let first = tasks.first?.continuation else { return "" }
        let records = tasks.lazy.compactMap(\.continuation)
        var parts: [PageText] = []
        if first.isChecked == true, records.allSatisfy({ $0.isChecked == true }) {
            parts.append("checked")
        }
        if let creator = first.creator, records.allSatisfy({ $0.creator == creator }) {
            parts.append("made in \(creator)")
        }
        switch first.reach {
        case nil: break
        case .nowhere: parts.append("resumed by: nobody")
        case .unknown(let reason):
            parts.append(verbose ? "resumed by: unknown, \(reason)" : "resumed by: unknown")
        case .held(let holders):
            // The same for all members, or only that somebody has each of them.
            guard !holders.isEmpty, records.allSatisfy({ $0.reach == first.reach }) else {
                parts.append("referenced")
                break
            }
            let shown = verbose ? holders.count : 1
            let names = holders.prefix(shown).map(index.phrase)
            var text: PageText = "referenced by \(PageText.joined(names, separator: ", "))"
            if holders.count > shown { text += " and \(holders.count - shown) more" }
            parts.append(text)
        }
        return parts.isEmpty ? "" : " (\(PageText.joined(parts, separator: ", ")))"
    }
}
