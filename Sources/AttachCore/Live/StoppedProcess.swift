import AttachReport
import CLinux
import Glibc

/// The threads of a process, stopped by us.
///
/// It exists from the first thread that was seized, so that whatever fails later, dropping it
/// releases them all. Everything here must happen on one thread of ours: ptrace belongs to the
/// thread that seized (ptrace(2)). If we are killed, the kernel releases the target.
struct StoppedProcess: ~Copyable {
    /// One thread of the target.
    struct Thread {
        /// Its id in our pid namespace.
        let id: Int32
        /// How far we are with it.
        var phase: Phase
    }

    /// How far we are with a thread.
    enum Phase: Equatable {
        /// Seized and still running.
        case seized
        /// Asked to stop.
        case interrupted
        /// Stopped; `signal` is what it was about to be given, `group` that job control holds it.
        case stopped(signal: Int32, group: Bool)
        /// It has ended and was collected.
        case ended
        /// It did not stop in time: the kernel holds it in a wait that nothing interrupts, or it
        /// was given no processor.
        case stuck(isUninterruptible: Bool)
        /// The kernel did not let us seize it, though it let us seize others.
        case refused
    }

    /// How many times the list of threads is read again before we go on with what we have.
    private static let maximumPasses = 20

    /// Every thread that was seized, in the order in which that happened.
    private(set) var threads: [Thread] = []
    /// Whether new threads were still appearing when we gave up looking.
    private(set) var isIncomplete = false
    /// When the first thread was asked to stop, on the monotonic clock, in nanoseconds.
    private(set) var interruptedAt: Int64 = 0
    private var known: Set<Int32> = []

    private init() {}

    /// Stops every thread of the process.
    ///
    /// - Parameters:
    ///   - patience: nanoseconds to wait for a thread in an uninterruptible wait; it is left
    ///     alone then.
    ///   - limit: nanoseconds to wait for threads that could stop and do not, as when too many
    ///     want a processor.
    /// - Throws: when not one thread could be seized.
    @available(*, noasync, message: "ptrace belongs to one thread")
    static func stop(
        _ directory: borrowing ProcessDirectory, patience: Int64, limit: Int64
    ) throws(AttachError) -> StoppedProcess {
        var stopped = StoppedProcess()
        try stopped.seizeAll(directory)
        stopped.interruptedAt = Clock.monotonic()
        let limit = stopped.interruptedAt + limit
        stopped.interruptAll()
        stopped.waitForAll(directory, patience: patience, until: limit)
        for pass in 0... {
            guard try stopped.seizeNew(directory) else { break }
            guard pass < maximumPasses else {
                stopped.isIncomplete = true
                break
            }
            stopped.interruptAll()
            stopped.waitForAll(directory, patience: patience, until: limit)
        }
        return stopped
    }

    /// Seizes until a look at the list of threads finds none that is new.
    private mutating func seizeAll(_ directory: borrowing ProcessDirectory) throws(AttachError) {
        var passes = 0
        while try seizeNew(directory), passes < Self.maximumPasses { passes += 1 }
        guard threads.isEmpty else { return }
        throw .ended(pid: directory.pid)
    }

    /// Seizes threads that are not seized yet. False when there were none.
    private mutating func seizeNew(
        _ directory: borrowing ProcessDirectory
    ) throws(AttachError) -> Bool {
        let listed: [Int32]
        do {
            listed = try directory.threadIDs()
        } catch {
            if threads.isEmpty { throw error }
            return false
        }
        let new = listed.filter { !known.contains($0) }
        guard !new.isEmpty else { return false }
        // Only a seize can be caught in an exec; at other times the timer would only delay us.
        cl_reap_every(2_000)
        defer { cl_reap_every(0) }
        var found = false
        for id in new {
            if try seize(id, of: directory) { found = true }
        }
        return found
    }

    private mutating func seize(
        _ id: Int32, of directory: borrowing ProcessDirectory
    ) throws(AttachError) -> Bool {
        switch cl_ptrace_seize(id) {
        case 0:
            known.insert(id)
            cl_reap_watch(id)
            threads.append(Thread(id: id, phase: .seized))
            return true
        case ESRCH:
            return false
        case let error:
            known.insert(id)
            if isOurs(id, directory) {
                threads.append(Thread(id: id, phase: .seized))
                return true
            }
            // Nor can one be seized that is ending, or a worker of the kernel's own.
            guard directory.stat(ofThread: id)?.isSeizable == true else { return false }
            guard threads.isEmpty else {
                threads.append(Thread(id: id, phase: .refused))
                return false
            }
            throw error == EPERM
                ? .notPermitted(
                    pid: directory.pid, cause: PermissionDiagnosis.cause(of: directory))
                : .system(what: "seize thread \(id)", errno: error)
        }
    }

    /// Whether we trace it already: a thread that executes another program takes the first
    /// thread's id (execve(2)), and our hold on it goes along.
    private func isOurs(_ id: Int32, _ directory: borrowing ProcessDirectory) -> Bool {
        guard let text = directory.text(of: "task/\(id)/status") else { return false }
        let tracer = ProcessStatus(text).tracer
        return tracer != 0 && tracer == cl_thread_id()
    }

    private mutating func interruptAll() {
        for index in threads.indices where threads[index].phase == .seized {
            if cl_ptrace_interrupt(threads[index].id) == 0 {
                threads[index].phase = .interrupted
            } else {
                cl_wait_reap(threads[index].id)
                noteEnd(of: index)
            }
        }
    }

    /// Looks at each thread by its id until all have stopped. The stops are looked at, not
    /// consumed: the kernel then still knows of a signal when we die.
    private mutating func waitForAll(
        _ directory: borrowing ProcessDirectory, patience: Int64, until limit: Int64
    ) {
        var deadline = Clock.monotonic() + patience
        var nextFullLook: Int64 = 0
        var rounds = 0
        // The first at the end.
        var pending = Array(
            threads.indices.filter { threads[$0].phase == .interrupted }.reversed())
        while true {
            // They stop in about the order in which they were asked to: a look at the first few
            // tells whether more of them have. But any of them may have ended, and the target's
            // exec waits for us to collect it.
            let start = Clock.monotonic()
            let isFull = start >= nextFullLook
            look(at: &pending, misses: isFull ? .max : Self.fewThreads)
            guard !pending.isEmpty else { return }
            let now = Clock.monotonic()
            if isFull { nextFullLook = now + max(Self.fullLookPause, 4 * (now - start)) }
            rounds += 1
            guard rounds > 3 else { continue }
            usleep(20)
            guard now >= deadline else { continue }
            deadline = now + patience
            pending.removeAll {
                let stat = directory.stat(ofThread: threads[$0].id)
                guard stat?.recordState == .uninterruptible else { return false }
                threads[$0].phase = .stuck(isUninterruptible: true)
                return true
            }
            guard now < limit else { break }
        }
        for index in pending { threads[index].phase = .stuck(isUninterruptible: false) }
    }

    /// Threads that may still run before the others are looked at another time.
    private static let fewThreads = 32
    /// Nanoseconds between two looks at all threads.
    private static let fullLookPause: Int64 = 1_000_000

    /// Takes those off the end that have stopped or ended, until so many are found that have not;
    /// these stay.
    private mutating func look(at pending: inout [Int], misses: Int) {
        var running: [Int] = []
        while running.count < misses, let index = pending.popLast() {
            if !settle(index) { running.append(index) }
        }
        pending.append(contentsOf: running.reversed())
    }

    /// Whether the thread has stopped or ended.
    private mutating func settle(_ index: Int) -> Bool {
        var result = cl_wait_result()
        let id = threads[index].id
        guard unsafe cl_wait_peek(id, &result) == 0 else {
            noteEnd(of: index)
            return true
        }
        guard result.present != 0 else { return false }
        guard result.ended == 0 else {
            cl_wait_reap(id)
            noteEnd(of: index)
            return true
        }
        let signal = result.status & 0xff
        let isEvent = result.status >> 8 != 0
        threads[index].phase = .stopped(
            signal: isEvent ? 0 : signal, group: isEvent && signal != SIGTRAP)
        return true
    }

    /// The id is free again: an exec may give it to another thread.
    private mutating func noteEnd(of index: Int) {
        threads[index].phase = .ended
        known.remove(threads[index].id)
    }

    /// The registers of a stopped thread; nil where it has none. `words` is room for them.
    func registers(
        of id: Int32, _ architecture: Architecture, into words: inout [UInt64]
    ) -> RegisterSet? {
        guard let count = read(RegisterNote.status, of: id, into: &words),
            var registers = RegisterSet(
                architecture: architecture, words: Array(words[..<count]))
        else { return nil }
        guard architecture == .aarch64 else { return registers }
        if let count = read(RegisterNote.threadPointer, of: id, into: &words), count > 0 {
            registers.threadPointer = words[0]
        }
        // Where addresses are not signed there is no such set.
        if let count = read(RegisterNote.signatureMasks, of: id, into: &words), count > 1 {
            registers.signatureBits = words[1]
        }
        return registers
    }

    /// The vector registers of a stopped thread, by the types of their notes; empty where they
    /// could not be read. `words` is room for one set.
    func vectors(
        of id: Int32, _ architecture: Architecture, into words: inout [UInt64]
    ) -> [UInt32: [UInt64]] {
        var sets: [UInt32: [UInt64]] = [:]
        for (note, _) in RegisterNote.vectors(architecture) {
            // What fills all the room may be longer.
            guard let count = read(note, of: id, into: &words), count > 0, count < words.count
            else { continue }
            sets[note] = Array(words[..<count])
            // It holds what the others do.
            if note == RegisterNote.extendedState { break }
        }
        return sets
    }

    private func read(_ set: UInt32, of id: Int32, into words: inout [UInt64]) -> Int? {
        var count = 0
        let error = unsafe words.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return EINVAL }
            return unsafe cl_ptrace_registers(id, set, base, buffer.count, &count)
        }
        return error == 0 ? count : nil
    }

    /// What signals that wait to be delivered carry (`si_value`); nil where that cannot be read, or
    /// there are too many.
    func signalValues() -> [UInt64]? {
        var values: [UInt64] = []
        let room = 32
        var signals = unsafe [siginfo_t](repeating: siginfo_t(), count: room)
        var isFirst = true
        for thread in threads {
            guard case .stopped(let signal, _) = thread.phase else { continue }
            // Those for any thread of the process are the same whoever is asked.
            for isShared in isFirst ? [true, false] : [false] {
                var from: UInt64 = 0
                while true {
                    let count = unsafe cl_ptrace_pending(
                        thread.id, isShared ? 1 : 0, from, &signals, room)
                    guard count >= 0, values.count < Self.mostValues else { return nil }
                    for index in 0..<count { unsafe Self.add(signals[index], to: &values) }
                    from += UInt64(count)
                    if count < room { break }
                }
            }
            isFirst = false
            if signal != 0 {
                guard unsafe cl_ptrace_signal(thread.id, &signals[0]) == 0 else { return nil }
                unsafe Self.add(signals[0], to: &values)
            }
        }
        return values
    }

    private static let mostValues = 1 << 20

    /// The two words behind the number, the code and the sender: whatever kind it is, it has room
    /// for an address in no other (asm-generic/siginfo.h).
    private static func add(_ signal: siginfo_t, to values: inout [UInt64]) {
        unsafe withUnsafeBytes(of: signal) { bytes in
            for offset in [16, 24] {
                values.append(unsafe bytes.load(fromByteOffset: offset, as: UInt64.self))
            }
        }
    }

    /// Whether job control had stopped the process before we came.
    var wasJobStopped: Bool {
        threads.contains {
            if case .stopped(_, group: true) = $0.phase { true } else { false }
        }
    }

    /// Lets every thread go on as it was, with the signals that arrived.
    ///
    /// Ends this value, and with it the stop; dropping it in any other way does the same.
    consuming func release() {}

    deinit {
        for thread in threads {
            switch thread.phase {
            case .stopped(let signal, _): cl_ptrace_detach(thread.id, signal)
            case .seized, .interrupted, .stuck: cl_ptrace_detach(thread.id, 0)
            case .ended, .refused: continue
            }
        }
    }
}
