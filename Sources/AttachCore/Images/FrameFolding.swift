import AttachReport

/// Decides which frames a report folds: what the compiler and the runtime put between the lines
/// that a person wrote.
enum FrameFolding {
    private typealias Known = LibraryKnowledge

    /// Why a frame with this symbol is folded; nil for one that is shown.
    static func judge(symbol: String?, image: String?) -> Frame.Folding? {
        guard let symbol else {
            // The Swift functions of that library are exported. What has no name in a stripped
            // one is its machinery.
            return image.map(isConcurrencyRuntime) == true ? .runtime : nil
        }
        if Demangler.isSwift(symbol) {
            guard let long = Demangler.longForm(symbol) else { return nil }
            return SwiftEntity(longForm: long).isForwarder ? .thunk : nil
        }
        let name = Demangler.withoutVersion(symbol)
        if Known.cLibrary.starters.contains(name) { return .runtime }
        if name.hasPrefix("objectdestroy") || name.hasPrefix("__swift_") { return .thunk }
        if isDispatchMachinery(name) { return .runtime }
        if Known.swiftRuntime.machineryPrefixes.contains(where: { name.hasPrefix($0) }) {
            return .runtime
        }
        if image.map(isConcurrencyRuntime) == true { return .runtime }
        if name.hasPrefix("_Z") || name.hasPrefix("__"), isRuntimeFunction(name) {
            return .runtime
        }
        return Known.swiftRuntime.machinery.contains(name) ? .runtime : nil
    }

    private static func isConcurrencyRuntime(_ image: String) -> Bool {
        Known.concurrencyImages.contains { image.hasPrefix($0) }
    }

    private static func isDispatchMachinery(_ name: String) -> Bool {
        Known.dispatch.machineryPrefixes.contains { name.hasPrefix($0) }
            && !Known.dispatch.shown.contains { name.contains($0) }
    }

    /// A C++ function of namespace `swift` or of a file in it, whose name the list has.
    private static func isRuntimeFunction(_ symbol: String) -> Bool {
        guard let full = Demangler.demangle(symbol) else { return false }
        let name = full.prefix { $0 != "(" }
        let parts = name.split(separator: ":").map(String.init)
        return parts.contains { Known.swiftRuntime.machinery.contains($0) }
    }

    /// Looks at a whole stack, innermost first, and shows again what must not be folded in it:
    /// where a thread stands, and a forwarder into which the very function was merged, so that
    /// no other frame has its name. It folds what only forwards to a specialised copy, and frames
    /// without a name that start a thread.
    static func settle(_ frames: inout [Frame]) {
        guard !frames.isEmpty else { return }
        frames[0].folding = nil
        // The next frame further in that is shown.
        var shown = frames[0]
        var index = 1
        while index < frames.count {
            if isOnlyTrace(frames[index], inner: frames[index - 1]) { frames[index].folding = nil }
            if isRestOfSpecialized(frames[index], inner: shown)
                || isEntry(frames[index], inner: frames[index - 1])
            {
                frames[index].folding = .thunk
            }
            if frames[index].folding == nil { shown = frames[index] }
            index += 1
        }
        foldNamelessStart(&frames, from: 1)
    }

    /// Whether a forwarder stands for the very function that it forwards to, since that has no
    /// frame of its own. (In the toolchain's libraries nobody looks for their functions.)
    private static func isOnlyTrace(_ frame: Frame, inner: Frame) -> Bool {
        guard frame.folding == .thunk, let name = frame.function, let image = frame.image,
            !image.hasPrefix("libswift"), !image.hasPrefix("libFoundation"),
            let target = ForwarderTarget(name)
        else { return false }
        return !target.isCalled(by: inner)
    }

    /// Whether the compiler made this to call the `main` of a type marked `@main`. (Code at top
    /// level is in `async_Main` itself, and has lines there. Compilers before 6.2 give it one
    /// where it calls `$main`, too.)
    private static func isEntry(_ frame: Frame, inner: Frame) -> Bool {
        func isMain(_ frame: Frame) -> Bool { frame.function?.hasSuffix(".$main()") == true }
        return isMain(frame)
            || (frame.symbol?.hasPrefix("async_Main") == true
                && (frame.location == nil || isMain(inner)))
    }

    /// Whether a frame is what is left of a function whose code went into a specialised copy of
    /// it: debug information knows the copy and gives the original no line. Inlined, even a copy
    /// may be what is left of an original for another copy. (A function that calls itself has the
    /// same symbol in both frames.)
    private static func isRestOfSpecialized(_ frame: Frame, inner: Frame) -> Bool {
        guard frame.location == nil, let function = frame.function, inner.function == function,
            let symbol = frame.symbol, let copy = inner.symbol, Demangler.isSpecialized(copy)
        else { return false }
        if frame.kind != .inlined {
            return inner.location != nil && !Demangler.isSpecialized(symbol)
        }
        return ResumeStores.function(ofPiece: copy) ?? copy != symbol
    }

    /// The C library's thread start has no name where its local symbols are stripped.
    private static func foldNamelessStart(_ frames: inout [Frame], from innermost: Int) {
        for index in frames.indices.reversed() where index >= innermost {
            if frames[index].folding != nil { continue }
            guard frames[index].symbol == nil, Known.cLibrary.isImage(frames[index].image)
            else { return }
            frames[index].folding = .runtime
        }
    }
}

/// What a forwarder with a name of its own forwards to.
private struct ForwarderTarget {
    private let name: Substring
    /// Whether `name` is the whole name, and not just that of a requirement of a protocol.
    private let isWhole: Bool

    /// Reads the short name of a forwarder; nil for one that can forward to anything.
    init?(_ forwarder: String) {
        for word in ["partial apply for ", "@objc "] where forwarder.hasPrefix(word) {
            var target = forwarder.dropFirst(word.count)
            let mark = Demangler.specializedMark
            if target.hasPrefix(mark) { target = target.dropFirst(mark.count) }
            if target.hasPrefix("thunk for ") { return nil }
            name = target
            isWhole = true
            return
        }
        guard forwarder.hasPrefix("protocol witness for ") else { return nil }
        // "protocol witness for static P.name(label:) in conformance T"
        let requirement = forwarder.dropFirst("protocol witness for ".count)
        var end = requirement.startIndex
        while end < requirement.endIndex, requirement[end] != "(",
            !requirement[end...].hasPrefix(" in conformance ")
        {
            end = requirement.index(after: end)
        }
        let path = requirement[..<end]
        guard let dot = path.firstIndex(of: ".") else { return nil }
        name = path[path.index(after: dot)...]
        isWhole = false
    }

    /// Whether the frame inside the forwarder's is the function that it forwards to.
    func isCalled(by inner: Frame) -> Bool {
        guard let function = inner.function else { return false }
        if isWhole { return function == name }
        let head = function.prefix { $0 != "(" }
        return head.hasSuffix(".\(name)") || head.contains(".\(name)<")
    }
}
