import AttachReport

extension LibraryKnowledge {
    /// The Swift runtime, with the concurrency runtime. Both may be linked into the program, so that
    /// their functions are told by symbol.
    static let swiftRuntime = LibraryKnowledge(
        library: "Swift runtime",
        images: ["libswiftCore.so", "libswift_Concurrency.so"],
        sitePatterns: [
            (.beginning("_ZN5swift14threading_impl9once_slow"), .swiftOnce),
            (.beginning("_ZN5swift14threading_impl", with: ["lock"]), .swiftRuntimeLock),
        ],
        mainQueueMarks: ["DrainMainQueue", "asyncMainDrainQueue"],
        // Those of C++ that have local names.
        machinery: [
            "runJobInEstablishedExecutorContext", "completeTask", "completeTaskAndRelease",
            "completeTaskWithClosure", "completeInlineTask", "future_adapter", "non_future_adapter",
            "task_future_wait_resume_adapter", "task_wait_throwing_resume_adapter",
            "task_group_wait_resume_adapter", "ProcessOutOfLineJob", "DefaultActorImpl",
            "TaskGroupBase", "AccumulatingTaskGroup", "DiscardingTaskGroup",
            "__swift_run_job", "_swift_run_job", "dispatchEnqueue", "AsyncTask",
            "NullaryContinuationJob", "swift_task_alloc", "defaultActorDrain",
        ],
        machineryPrefixes: [
            "swift_job_", "swift_task_", "swift_taskGroup_", "swift_asyncLet_",
            "swift_continuation_",
            "swift_defaultActor_", "swift_executor_", "swift_nonDefaultDistributedActor_",
            "swift_distributedActor_", "_swift_task_", "swift_dispatch", "swift_get_",
        ])

    /// What of it is linked as a file of its own, whose functions without a name are its machinery.
    static let concurrencyImages = ["libswift_Concurrency.so"]

    /// The standard library and what comes with it: waits of tasks by mangled name, which are static
    /// methods of `Task where Success == Never, Failure == Never`, and `AsyncStream._Storage.next`
    /// and `AsyncThrowingStream._Storage.next`, specialised or not.
    static let swiftLibrary = LibraryKnowledge(
        library: "Swift standard library",
        sitePatterns: [
            (.beginning("$s15Synchronization12_MutexHandleV", with: ["lockSlow"]), .swiftMutex)
        ],
        taskWaits: [
            ("$sScTss5NeverORszABRs_rlE5yield", .yield),
            ("$sScTss5NeverORszABRs_rlE5sleep", .sleep),
            ("$sScTss5NeverORszABRs_rlE6_sleep", .sleep),
            ("$sScS8_StorageC4next", .stream), ("$sScs8_StorageC4next", .stream),
            ("$sScS8IteratorV4next", .stream), ("$sScs8IteratorV4next", .stream),
        ])
}
