import Dispatch
import Glibc

/// Dispatch queues and groups that wait for each other.
enum Dispatching {
    static let stories: [String: Verdict.Story] = [
        "queues-each-other": { await eachOther($0) },
        "queue-lock": { await atLock($0) },
        "dispatch-group": { await atGroup($0) },
    ]

    // `sync` on the queue one is on traps in libdispatch. Two queues on each other hang.
    static func eachOther(_ variant: Variant) async {
        let first = DispatchQueue(label: "verdict.first")
        let second = DispatchQueue(label: "verdict.second")
        guard variant != .busy else {
            for name in ["left", "right"] {
                Threads.start(name) {
                    while true {
                        first.sync { second.sync { _ = usleep(300) } }
                        Cast.turn()
                    }
                }
            }
            return Cast.perform(tasks: 1, moving: true)
        }
        guard variant == .sick else {
            Threads.start("left") {
                first.sync {
                    second.sync {
                        Cast.blocks("left", in: SystemCall.clockNanosleep)
                        while true { usleep(1_000_000_000) }
                    }
                }
            }
            return Cast.perform(tasks: 1, threads: 1)
        }
        let meeting = Meeting(of: 2)
        for (name, own, other) in [("left", first, second), ("right", second, first)] {
            Threads.start(name) {
                own.sync {
                    meeting.attend()
                    Cast.blocks(name, in: SystemCall.futex)
                    other.sync { Held.touch() }
                }
            }
        }
        await Cast.untilBlocked("left", "right")
        Threads.start("bystander") {
            Cast.blocks("bystander", in: SystemCall.futex)
            first.sync { Held.touch() }
        }
        Cast.perform(tasks: 1, threads: 3) {
            [
                Judgement(
                    kind: "deadlock", subjects: [.thread("left"), .thread("right")],
                    affected: [.thread("bystander")])
            ]
        }
    }

    /// One is on a queue and wants a lock; who has the lock wants to get on the queue.
    static func atLock(_ variant: Variant) async {
        let queue = DispatchQueue(label: "verdict.queue")
        let lock = PthreadLock()
        guard variant == .sick else {
            Threads.start("left") {
                while true {
                    queue.sync { lock.hold { _ = usleep(300) } }
                    Cast.turn()
                }
            }
            Threads.start("right") {
                while true {
                    lock.hold { _ = usleep(300) }
                    queue.sync { Cast.turn() }
                }
            }
            return Cast.perform(tasks: 1, moving: true)
        }
        let meeting = Meeting(of: 2)
        Threads.start("left") {
            queue.sync {
                meeting.attend()
                Cast.blocks("left", in: SystemCall.futex, at: lock.address)
                lock.hold { Held.touch() }
            }
        }
        Threads.start("right") {
            lock.hold {
                meeting.attend()
                Cast.blocks("right", in: SystemCall.futex)
                queue.sync { Held.touch() }
            }
        }
        Cast.perform(tasks: 1, threads: 2) {
            [Judgement(kind: "deadlock", subjects: [.thread("left"), .thread("right")])]
        }
    }

    /// A group that something will leave later: a thread that waits, and no trouble.
    static func atGroup(_ variant: Variant) async {
        let group = DispatchGroup()
        group.enter()
        Threads.start("waiter") {
            Cast.blocks("waiter", in: SystemCall.futex)
            group.wait()
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + 86_400) { group.leave() }
        Cast.perform(tasks: 1, threads: 1)
    }
}
