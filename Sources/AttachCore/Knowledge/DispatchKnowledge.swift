extension LibraryKnowledge {
    /// libdispatch (swift-corelibs-libdispatch).
    static let dispatch = LibraryKnowledge(
        library: "libdispatch",
        images: ["libdispatch.so"],
        sites: [
            "_dispatch_once_wait": .dispatchOnce, "_dispatch_unfair_lock_lock_slow": .dispatchLock,
            "_dispatch_gate_wait_slow": .dispatchLock,
            "__DISPATCH_WAIT_FOR_QUEUE__": .dispatchSync,
            "_dispatch_semaphore_wait_slow": .dispatchSemaphore,
            "dispatch_semaphore_wait": .dispatchSemaphore,
            "_dispatch_group_wait_slow": .dispatchGroup, "dispatch_group_wait": .dispatchGroup,
            "__DISPATCH_WAIT_FOR_ENQUEUER__": .dispatchTransition,
            "_dispatch_wait_for_enqueuer": .dispatchTransition,
            "__DISPATCH_ROOT_QUEUE_CONTENDED_WAIT__": .dispatchTransition,
            "_dispatch_worker_thread": .idleDispatch, "_dispatch_mgr_invoke": .idleDispatch,
            "_dispatch_mgr_thread": .idleDispatch, "_dispatch_sig_thread": .idleDispatch,
        ],
        passed: [
            "_dispatch_futex_wait", "_dispatch_wait_on_address", "_dispatch_thread_event_wait_slow",
            "_dispatch_sema4_wait", "_dispatch_sema4_timedwait", "_dispatch_sigsuspend",
            "_dispatch_event_loop_drain", "_dispatch_unfair_lock_lock",
        ],
        loops: [.exactly("_dispatch_mgr_invoke"), .exactly("_dispatch_mgr_thread")],
        workers: ["_dispatch_worker_thread", "_dispatch_root_queue_drain"],
        threadNames: [.beginning("oot."), .ending("-qos")],
        mainQueueMarks: [
            "dispatch_main", "main_queue_drain", "_dispatch_sigsuspend", "_dispatch_sig_thread",
        ],
        machineryPrefixes: ["_dispatch_"],
        shown: ["wait", "WAIT", "_sync", "sema", "_once", "lock", "futex"])

    /// Whether a worker's name says that its queues may always have one thread more. Those serve no
    /// tasks.
    static func isOvercommit(_ threadName: String) -> Bool { threadName.hasSuffix("overcommit") }
}
