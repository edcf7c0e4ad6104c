extension LibraryKnowledge {
    /// SwiftNIO, on its own event loops (Sources/NIOPosix/SelectableEventLoop.swift, Selector.swift).
    ///
    /// A loop's thread is in `run` from its first to its last moment. One that has nothing to do is
    /// in the selector's `whenReady`, and that in a system call; whatever blocks anywhere else below
    /// `run` stops every channel of the loop.
    static let nio = LibraryKnowledge(
        library: "SwiftNIO",
        sitePatterns: [
            (
                .beginning("$s8NIOPosix", with: ["whenReady", "SelectableEventLoopC3run"]),
                .eventLoop
            )
        ],
        passedPrefixes: ["$s8NIOPosix"],
        loops: [.beginning("$s8NIOPosix", with: ["SelectableEventLoopC3run"])])
}
