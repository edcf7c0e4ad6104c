import Glibc

@_silgen_name("malloc_usable_size")
private func usableSize(_ block: UnsafeMutableRawPointer) -> Int

/// Locks and blocks of the C library.
enum Library {
    static func say() {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let other = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
        let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
        pthread_mutex_init(mutex, &attributes)
        pthread_mutex_init(other, nil)
        pthread_rwlock_init(lock, nil)
        pthread_cond_init(condition, nil)
        let places = Places(mutex, other, lock, condition)
        Threads.start("holder") {
            places.take()
            Claims.note("holder", UInt(Threads.current))
            while true { pause() }
        }
        Threads.start("waiter") {
            Claims.note("waiter", UInt(Threads.current))
            places.wait()
        }
        let thread = Claims.wait(for: "holder")
        _ = Claims.wait(for: "waiter")
        let place = UInt(bitPattern: mutex)
        Claims.say("mutex.word", in: place, is: 1, bits: 32)
        Claims.say("mutex.owner", in: place, is: thread, bits: 32)
        Claims.say(
            "mutex.kind", in: place, is: UInt(PTHREAD_MUTEX_RECURSIVE), bits: 32, mask: 3)
        Claims.say("lock.writer", in: UInt(bitPattern: lock), is: thread, bits: 32)
        Claims.say("lock.isShared", in: UInt(bitPattern: lock), is: 0, bits: 32)
        Claims.say("condition.references", in: UInt(bitPattern: condition), is: 8, bits: 32)
        Claims.say("id in thread's block", of: thread, is: String(thread))
        for size in [1, 24, 40, 100, 1000, 5000] {
            guard let block = malloc(size) else { continue }
            memset(block, 0, size)
            Claims.say(
                "size of block", of: UInt(bitPattern: block), is: String(usableSize(block)))
        }
    }

    private struct Places: @unchecked Sendable {
        let mutex: UnsafeMutablePointer<pthread_mutex_t>
        let other: UnsafeMutablePointer<pthread_mutex_t>
        let lock: UnsafeMutablePointer<pthread_rwlock_t>
        let condition: UnsafeMutablePointer<pthread_cond_t>

        init(
            _ mutex: UnsafeMutablePointer<pthread_mutex_t>,
            _ other: UnsafeMutablePointer<pthread_mutex_t>,
            _ lock: UnsafeMutablePointer<pthread_rwlock_t>,
            _ condition: UnsafeMutablePointer<pthread_cond_t>
        ) {
            self.mutex = mutex
            self.other = other
            self.lock = lock
            self.condition = condition
        }

        func take() {
            pthread_mutex_lock(mutex)
            pthread_rwlock_wrlock(lock)
        }

        func wait() {
            pthread_mutex_lock(other)
            while true { pthread_cond_wait(condition, other) }
        }
    }
}
