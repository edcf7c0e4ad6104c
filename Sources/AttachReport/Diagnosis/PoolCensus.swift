/// The threads of the global pool, where every one of them is blocked or has nothing to do.
struct PoolCensus {
    /// Places of the blocked workers among the snapshot's threads.
    let workers: [Int]
    /// Places of those that have nothing to do.
    ///
    /// The runtime's pool is a queue of libdispatch that is as wide as there are CPUs, and is
    /// served by a larger set of threads: once it is full, another thread may idle beside it.
    let idle: [Int]
    private let ids: Set<Int32>

    /// Nil unless some of the workers are blocked and none works.
    ///
    /// The pool is libdispatch's, one set of threads for each quality of service, and grows when
    /// its threads block (libdispatch's `event/workqueue.c`): so threads are counted as they are,
    /// not by the number of CPUs.
    init?(_ snapshot: Snapshot) {
        var workers: [Int] = []
        var idle: [Int] = []
        for (number, thread) in snapshot.threads.enumerated()
        where thread.role == .poolWorker {
            guard let wait = thread.wait else { return nil }
            if wait.isIdle { idle.append(number) } else { workers.append(number) }
        }
        guard !workers.isEmpty else { return nil }
        self.workers = workers
        self.idle = idle
        ids = Set(workers.map { snapshot.threads[$0].id })
    }

    /// Whether the thread is one of them.
    func contains(_ thread: Int32) -> Bool { ids.contains(thread) }
}
