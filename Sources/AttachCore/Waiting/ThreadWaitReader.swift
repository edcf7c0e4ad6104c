import AttachReport

/// Finds out what each thread waits for: from its system call, the names of its innermost frames,
/// and the words that its registers point to.
struct ThreadWaitReader {
    private let memory: TargetMemory
    private let clocks: ClockReadings?
    private let locks: PosixLocks
    private let words: OwnerWords
    private let dispatch: DispatchObjects
    private let foundation: FoundationLocks
    private let called: CalledFunction
    private let descriptors: DescriptorWaits

    /// A reader of one target.
    init(_ target: Target) {
        let (capture, memory) = (target.capture, target.memory)
        let numbers = ThreadNumbers(
            capture.threads, isNamespaced: !capture.process.namespacePIDs.isEmpty,
            isComplete: capture.areThreadIDsCertain
                && !capture.gaps.contains { $0.subject == .threads })
        self.memory = memory
        clocks = capture.clocks
        locks = PosixLocks(memory: memory, numbers: numbers)
        words = OwnerWords(memory: memory, numbers: numbers)
        let symbols = WaitSymbols(target.images)
        dispatch = DispatchObjects(target, numbers: numbers) {
            symbols[DispatchLayout.offsetsSymbol].first
        }
        foundation = FoundationLocks(memory: memory, symbols: symbols)
        called = CalledFunction(memory: memory, symbols: symbols)
        descriptors = DescriptorWaits(memory: memory, found: capture.descriptors)
    }

    /// What a thread waits for in the system call it sits in; nil for one that ran.
    ///
    /// - Parameters:
    ///   - frames: Its native stack, innermost first.
    ///   - runsTask: Whether it is in the middle of a task: then it is not idle, whatever it waits
    ///     in.
    func read(
        _ thread: CapturedThread, frames: [Frame], runsTask: Bool
    ) -> ThreadWait? {
        guard let call = thread.systemCall else { return nil }
        let site = WaitSiteFinder.site(of: frames)
        if let site, site.reader == .childProcess || (site.reader == .idle && !runsTask) {
            return ThreadWait(kind: site.kind, evidence: site.evidence)
        }
        if let futex = FutexCall(call) {
            let wait = self.wait(in: futex, at: site ?? called.site(frames), of: thread)
            return wait.limited(by: futex.timeout, in: memory, clocks: clocks)
        }
        if let (wait, timeout) = descriptors.wait(of: thread, in: call) {
            return wait.limited(by: timeout, in: memory, clocks: clocks)
        }
        return wait(in: call)
    }

    // MARK: Locks

    private func wait(
        in futex: FutexCall, at site: WaitSite?, of captured: CapturedThread
    ) -> ThreadWait {
        site.flatMap { read($0, futex, of: captured) } ?? unknown(futex, of: captured.id)
    }

    /// What the words say that a site is about; nil where they are not those of such a thing.
    private func read(
        _ site: WaitSite, _ futex: FutexCall, of captured: CapturedThread
    ) -> ThreadWait? {
        let thread = captured.id
        switch site.reader {
        case .mutex:
            guard var wait = locks.mutex(futex, of: thread) else { return nil }
            wait.kind =
                site == .mutex
                ? captured.registers.flatMap { foundation.kind(ofMutex: futex.word, $0) }
                    ?? site.kind : site.kind
            return wait
        case .readWriteLock: return locks.readWriteLock(futex, kind: site.kind, of: thread)
        case .condition: return locks.condition(futex, of: thread)
        case .join: return locks.join(futex, of: thread)
        case .owner(let isKeptByKernel):
            guard !isKeptByKernel || futex.namesOwner else { return nil }
            return words.wait(futex, site.kind, of: thread, evidence: site.evidence ?? "")
        case .nothing:
            return ThreadWait(kind: site.kind, object: futex.word, evidence: site.evidence)
        case .dispatchQueue: return dispatch.sync(futex, of: thread)
        case .dispatchSemaphore: return dispatch.semaphore(futex)
        case .dispatchGroup: return dispatch.group(futex)
        case .idle, .childProcess: return nil
        }
    }

    private func unknown(_ futex: FutexCall, of thread: Int32) -> ThreadWait {
        // Whatever it is, the kernel itself keeps the owner in such a word.
        guard futex.namesOwner else { return ThreadWait(kind: .futex, object: futex.word) }
        return words.wait(
            futex, .futex, of: thread, evidence: "the owner in the word, where the kernel keeps it")
    }

    // MARK: Other calls

    private func wait(in call: SystemCall) -> ThreadWait {
        let arguments = call.arguments
        guard arguments.count >= 6, let name = call.name else { return ThreadWait(kind: .other) }
        switch name {
        case "nanosleep":
            return ThreadWait(kind: .sleep)
                .limited(by: remainder(arguments[1], of: arguments[0]), in: memory, clocks: clocks)
        case "clock_nanosleep":
            // TIMER_ABSTIME
            let timeout: Timeout =
                arguments[1] & 1 != 0
                ? .deadline(at: Address(arguments[2]), clock: arguments[0])
                : remainder(arguments[3], of: arguments[2])
            return ThreadWait(kind: .sleep).limited(by: timeout, in: memory, clocks: clocks)
        case "wait4", "waitid":
            return ThreadWait(kind: .childProcess, evidence: Self.child(call))
        case "vfork":
            return ThreadWait(
                kind: .childProcess,
                evidence: "its child has neither ended nor become another program")
        case "pause", "rt_sigsuspend": return ThreadWait(kind: .signal)
        case "rt_sigtimedwait":
            return ThreadWait(kind: .signal)
                .limited(
                    by: arguments[2] == 0 ? nil : .relative(at: Address(arguments[2])),
                    in: memory, clocks: clocks)
        case "semop", "semtimedop":
            return ThreadWait(
                kind: .semaphore, hasUnknownTimeout: name == "semtimedop" && arguments[3] != 0,
                evidence: "semaphores of System V")
        case "futex_waitv": return ThreadWait(kind: .futex)
        default: return ThreadWait(kind: .other)
        }
    }

    /// A sleep that is interrupted has the kernel write what is left of it to where it was asked
    /// to (kernel/time/hrtimer.c, nanosleep_copyout), which our own stop does.
    private func remainder(_ place: UInt64, of length: UInt64) -> Timeout {
        place == 0 ? .relative(at: Address(length)) : .remainder(at: Address(place))
    }

    private static func child(_ call: SystemCall) -> String? {
        let number = Int32(truncatingIfNeeded: call.arguments[0])
        guard call.name == "wait4" else { return nil }
        return number > 0 ? "process \(number), as the target numbers it" : nil
    }
}
