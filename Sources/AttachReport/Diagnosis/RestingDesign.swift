/// Designs in which a thread waits for a lock for as long as there is nothing to do, and that look
/// like a lock that is not given back.
///
/// - Leader and followers: many threads serve one descriptor; who has the lock waits for input,
///   and the others wait for the lock.
/// - A mutex as a semaphore: a thread waits for one that it has locked itself, or that a thread
///   locked which has nothing to do, until another one unlocks it.
///
/// What tells them from trouble is that nobody else is held up. So a thread that runs a task, or
/// that somebody waits for, is never taken for a part of one.
enum RestingDesign {
    /// Whether those who wait for a lock that `owner` has look like one; `waiters` may be the
    /// owner alone.
    static func isLike(
        _ owner: ThreadRecord, _ waiters: [ThreadRecord], in scene: Scene
    ) -> Bool {
        guard owner.task == nil,
            waiters.allSatisfy({ holdsUpNobody($0, besides: owner.id, in: scene) })
        else { return false }
        if waiters.allSatisfy({ $0.id == owner.id }) {
            return owner.id != scene.snapshot.process.pid
        }
        guard let wait = owner.wait else { return false }
        return wait.isIdle
            || (waitsForInput(owner)
                && waiters.allSatisfy { isOfSameCode($0, owner) })
    }

    /// Whether nobody waits for a thread, but one perhaps for its end, and it runs no task.
    private static func holdsUpNobody(
        _ thread: ThreadRecord, besides owner: Int32, in scene: Scene
    ) -> Bool {
        guard thread.task == nil, let node = scene.index.node(ofThread: thread.id) else {
            return false
        }
        return scene.graph.arriving(at: node).allSatisfy { place in
            let arrow = scene.graph.arrows[Int(place)]
            switch arrow.kind {
            case .joins: return true
            case .ownedBy: return scene.waiters(forLocksOf: thread.id) == [thread.id]
            default: return false
            }
        }
    }

    private static let reading: Set<String> = [
        "read", "readv", "recvfrom", "recvmsg", "recvmmsg", "accept", "accept4", "epoll_wait",
        "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6",
    ]

    /// Whether it waits for what comes from outside, in its own time.
    private static func waitsForInput(_ thread: ThreadRecord) -> Bool {
        thread.wait?.kind == .descriptor
            && thread.systemCall?.name.map(reading.contains) == true
    }

    /// Whether two threads were started with the same function, called the same ones, and are at
    /// two places of one function: there the one waits for the lock, and the other, which has it,
    /// for input.
    private static func isOfSameCode(_ one: ThreadRecord, _ other: ThreadRecord) -> Bool {
        let left = calls(one)
        let right = calls(other)
        var shared = 0
        while shared < left.count, shared < right.count,
            left[left.count - 1 - shared].address == right[right.count - 1 - shared].address
        {
            shared += 1
        }
        guard shared < left.count, shared < right.count else { return false }
        let (a, b) = (left[left.count - 1 - shared], right[right.count - 1 - shared])
        // Without names there is the file, if more than the start of a thread is shared.
        guard let symbol = a.symbol, let otherSymbol = b.symbol else {
            return a.symbol == b.symbol && a.image == b.image && a.image != nil && shared > 2
        }
        return symbol == otherSymbol
    }

    private static func calls(_ thread: ThreadRecord) -> [Frame] {
        thread.frames.filter {
            $0.address != nil && ($0.kind == .returnAddress || $0.kind == .programCounter)
        }
    }
}
