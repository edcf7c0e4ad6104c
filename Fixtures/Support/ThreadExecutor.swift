import Glibc

/// An executor with one thread of its own, so that a fixture can block tasks without starving the
/// runtime's pool, which is no wider than the machine.
final class ThreadExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []

    /// Starts the thread; `asTask` tells what the jobs are run as, a task executor's or a serial
    /// executor's.
    init(_ name: String, asTask: Bool) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        Threads.start(name) {
            while true {
                let job = self.next()
                if asTask {
                    job.runSynchronously(on: self.asUnownedTaskExecutor())
                } else {
                    job.runSynchronously(on: self.asUnownedSerialExecutor())
                }
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    private func next() -> UnownedJob {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty { pthread_cond_wait(condition, mutex) }
        return jobs.removeFirst()
    }
}
