extension LibraryKnowledge {
    /// The C library, as glibc names its functions.
    static let cLibrary = LibraryKnowledge(
        library: "C library",
        images: ["libc.so", "libpthread"],
        sites: [
            "pthread_mutex_lock": .mutex, "__pthread_mutex_lock": .mutex,
            "___pthread_mutex_lock": .mutex, "__pthread_mutex_lock_full": .mutex,
            "pthread_mutex_timedlock": .mutex, "pthread_mutex_clocklock": .mutex,
            "__pthread_mutex_clocklock_common": .mutex, "__pthread_mutex_timedlock": .mutex,
            "___pthread_mutex_timedlock": .mutex, "__pthread_mutex_cond_lock": .mutex,
            "__pthread_mutex_cond_lock_full": .mutex, "pthread_rwlock_rdlock": .readLock,
            "pthread_rwlock_timedrdlock": .readLock, "pthread_rwlock_clockrdlock": .readLock,
            "__pthread_rwlock_rdlock": .readLock, "___pthread_rwlock_rdlock": .readLock,
            "__pthread_rwlock_rdlock_full64": .readLock, "pthread_rwlock_wrlock": .writeLock,
            "pthread_rwlock_timedwrlock": .writeLock, "pthread_rwlock_clockwrlock": .writeLock,
            "__pthread_rwlock_wrlock": .writeLock, "___pthread_rwlock_wrlock": .writeLock,
            "__pthread_rwlock_wrlock_full64": .writeLock, "sem_wait": .semaphore,
            "sem_timedwait": .semaphore, "sem_clockwait": .semaphore, "__new_sem_wait": .semaphore,
            "__new_sem_wait_slow64": .semaphore, "__new_sem_wait_slow": .semaphore,
            "pthread_cond_wait": .condition, "pthread_cond_timedwait": .condition,
            "pthread_cond_clockwait": .condition, "__pthread_cond_wait": .condition,
            "___pthread_cond_wait": .condition, "___pthread_cond_timedwait64": .condition,
            "___pthread_cond_clockwait64": .condition, "__pthread_cond_wait_common": .condition,
            "pthread_join": .join, "pthread_timedjoin_np": .join, "pthread_clockjoin_np": .join,
            "__pthread_clockjoin_ex": .join, "___pthread_join": .join, "pthread_once": .posixOnce,
            "__pthread_once": .posixOnce, "__pthread_once_slow": .posixOnce,
            "__lll_lock_wait_private": .libraryLock,
        ],
        passed: [
            "syscall", "__lll_lock_wait", "__lll_clocklock_wait", "__lll_clocklock_elision",
            "__futex_lock_pi64", "__futex_lock_pi", "epoll_wait", "epoll_pwait", "poll", "__poll",
            "ppoll", "sigsuspend", "__sigsuspend", "select", "__select",
        ],
        passedPrefixes: ["__futex_abstimed_wait"],
        starters: [
            "start_thread", "clone", "clone3", "__clone", "__clone3", "_start", "__libc_start_main",
            "__libc_start_main_impl", "__libc_start_call_main", "thread_start", "__clone_internal",
            // A thread that has left its first function and runs what it arranged for its end, as
            // the first thread of a program with an async `main` does.
            "__nptl_deallocate_tsd",
        ])

    /// Functions of it that wait, and that programs call by these names.
    static let exportedSites = cLibrary.sites.filter {
        $0.key.hasPrefix("pthread_") || $0.key.hasPrefix("sem_")
    }
}
