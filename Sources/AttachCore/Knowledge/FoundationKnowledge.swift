import AttachReport

extension LibraryKnowledge {
    /// Foundation (swift-corelibs-foundation), with CoreFoundation in it.
    static let foundation = LibraryKnowledge(
        library: "Foundation",
        images: ["libFoundation"],
        sites: [
            "__CFRunLoopRun": .eventLoop, "CFRunLoopRunSpecific": .eventLoop,
            "__CFSocketManager": .eventLoop,
            "$s10Foundation7ProcessC13waitUntilExityyF": .childProcess,
        ],
        passed: [
            "__CFRunLoopServiceFileDescriptors",
            "$s10Foundation7RunLoopC3run4mode6beforeSbAC4ModeV_0A10Essentials4DateVtF",
            "$s10Foundation7RunLoopC9limitDate7forMode0A10Essentials0E0VSgAC0G0V_tF",
        ],
        lockClasses: [
            "$s10Foundation6NSLockCN": .lock, "$s10Foundation15NSRecursiveLockCN": .recursiveLock,
        ],
        loops: [
            .exactly("__CFRunLoopRun"), .exactly("CFRunLoopRunSpecific"),
            .exactly("__CFSocketManager"),
        ],
        mainQueueMarks: ["RunLoop"])
}
