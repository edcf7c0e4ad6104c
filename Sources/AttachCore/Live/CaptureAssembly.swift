import AttachReport
import CLinux
import Glibc

/// Puts a capture together after the target was released.
struct CaptureAssembly: ~Copyable {
    private let pid: Int32
    private let target: TargetCheck.Passed
    private let threads: [StoppedProcess.Thread]
    private let isIncomplete: Bool
    private let wasJobStopped: Bool
    private let process: ProcessRecord
    private let lateThreads: [Int32: ThreadStat]
    private let namespaceIDs: [Int32: Int32]
    private let stuck: [Int32: String]
    private let stuckCalls: [Int32: SystemCall]
    private let sharesClocks: Bool
    private let auxiliaryVector: [UInt64]

    init(
        directory: borrowing ProcessDirectory, target: TargetCheck.Passed,
        threads: [StoppedProcess.Thread], isIncomplete: Bool, wasJobStopped: Bool,
        early: [Int32: ThreadStat]
    ) {
        pid = directory.pid
        self.target = target
        self.threads = threads
        self.isIncomplete = isIncomplete
        self.wasJobStopped = wasJobStopped
        process = ProcessFacts.record(directory, target: target)
        var late: [Int32: ThreadStat] = [:]
        var inner: [Int32: Int32] = [:]
        var reasons: [Int32: String] = [:]
        var calls: [Int32: SystemCall] = [:]
        for thread in threads {
            let path = "task/\(thread.id)"
            if early[thread.id] == nil { late[thread.id] = directory.stat(ofThread: thread.id) }
            if process.namespacePIDs.count > 0, let text = directory.text(of: path + "/status") {
                inner[thread.id] = ProcessStatus(text).namespaceIDs.last
            }
            if case .stuck(isUninterruptible: true) = thread.phase {
                reasons[thread.id] = ProcessFacts.whereStuck(
                    directory, thread: thread.id, target.architecture)
                calls[thread.id] = directory.text(of: path + "/syscall")
                    .flatMap { SystemCallReader.call(text: $0, target.architecture) }
            }
        }
        lateThreads = late
        namespaceIDs = inner
        stuck = reasons
        stuckCalls = calls
        sharesClocks = ProcessFacts.sharesClocks(directory, thread: target.handle)
        auxiliaryVector = ProcessFacts.auxiliaryVector(directory, thread: target.handle)
    }

    consuming func capture(
        _ window: StopWindow, _ preparation: consuming CapturePreparation,
        _ directory: borrowing ProcessDirectory
    ) -> Capture {
        var gaps = preparation.gaps + gapsOfStop(window)
        var captured = threads.filter { $0.phase != .ended }
            .map { thread($0, window, preparation.threadStats[$0.id]) }
            .sorted { $0.id < $1.id }
        if preparation.pages == nil {
            gaps.append(
                Gap(.residency, reason: .unmapped, detail: "no pagemap"))
        }
        let memory = Self.memory(window, preparation)
        let status = ProcessStatus(directory.text(of: "status") ?? "")
        let descriptors = DescriptorLookup.descriptors(
            of: &captured, memory: memory, directory, handle: target.handle,
            architecture: target.architecture)
        return Capture(
            architecture: target.architecture, process: process,
            record: CaptureRecord(
                timeNanoseconds: window.time, pauseNanoseconds: window.pause, bytes: window.bytes,
                wasJobStopped: wasJobStopped),
            mappings: preparation.mappings, threads: captured, memory: memory,
            files: preparation.files, root: preparation.root,
            perfMap: PerfMap(
                pid: status.namespaceIDs.last, user: status.effectiveUser,
                root: preparation.root),
            gaps: gaps,
            clocks: ClockReadings(
                realtime: window.time, monotonic: sharesClocks ? window.monotonic : nil,
                boottime: sharesClocks ? window.boottime : nil),
            descriptors: descriptors, auxiliaryVector: auxiliaryVector)
    }

    /// Captured pages, over what was constant, over zeroes where private anonymous memory was
    /// never touched.
    private static func memory(
        _ window: StopWindow, _ preparation: borrowing CapturePreparation
    ) -> TargetMemory {
        let read = TargetMemory(segments: window.segments, owners: [preparation.arena])
            .layered(over: preparation.constants, owners: [preparation.constantArena])
            .layered(
                over: preparation.standIns, owners: preparation.standInArena.map { [$0] } ?? [])
        guard preparation.pages != nil, window.skippedBytes == 0, window.unreadable.isEmpty else {
            return read
        }
        let untouched = preparation.mappings
            .filter { $0.holdsState && !$0.isFile }
            .map { TargetMemory.Segment(zeroes: $0.range, isWritable: true, isCaptured: false) }
        return read.layered(over: untouched, owners: [])
    }

    private func thread(
        _ stopped: StoppedProcess.Thread, _ window: StopWindow, _ early: ThreadStat?
    ) -> CapturedThread {
        let stat = early ?? lateThreads[stopped.id]
        let registers = window.registers[stopped.id]
        let call =
            registers.map { SystemCallReader.call(registers: $0) } ?? stuckCalls[stopped.id]
        var state = stat?.recordState ?? .unknown
        switch stopped.phase {
        case .stuck(isUninterruptible: true): state = .uninterruptible
        case .stopped(_, group: true): state = .stopped
        case .stopped where call == nil && target.architecture == .aarch64: state = .unknown
        case .stopped: state = call == nil ? .running : .sleeping
        default: break
        }
        return CapturedThread(
            id: stopped.id,
            namespaceID: namespaceIDs[stopped.id].flatMap { $0 == stopped.id ? nil : $0 },
            name: stat?.name ?? "", state: state, registers: registers, systemCall: call)
    }

    private func gapsOfStop(_ window: StopWindow) -> [Gap] {
        var gaps: [Gap] = []
        for thread in threads {
            guard case .stuck = thread.phase else { continue }
            gaps.append(
                Gap(
                    .thread(thread.id), reason: .notStopped,
                    detail: stuck[thread.id] ?? "it may have been given no processor"))
        }
        for thread in threads where thread.phase == .refused {
            gaps.append(
                Gap(
                    .thread(thread.id), reason: .notStopped,
                    detail: "the kernel did not let it be seized"))
        }
        if isIncomplete {
            gaps.append(
                Gap(
                    .threads, reason: .limit,
                    detail: "new threads kept appearing while the process was being stopped"))
        }
        if window.skippedBytes > 0 {
            gaps.append(
                Gap(
                    .memory, bytes: window.skippedBytes, reason: .budget,
                    detail: window.isOutOfTime
                        ? "copying stopped when the longest allowed pause was over"
                        : "more memory than may be copied"))
        }
        let unread = window.unreadable.reduce(UInt64(0)) { $0 + UInt64($1.count) }
        if unread > 0 {
            gaps.append(
                Gap(
                    .memory, address: window.unreadable.first.map { Address($0.lowerBound) },
                    bytes: unread, reason: .shortRead))
        }
        return gaps
    }
}

/// Facts about a process that a person wants to read above its stacks.
enum ProcessFacts {
    /// Name, executable, arguments, start and pids in other namespaces.
    static func record(
        _ directory: borrowing ProcessDirectory, target: TargetCheck.Passed
    ) -> ProcessRecord {
        let bytes = try? directory.contents(of: "stat")
        let status = ProcessStatus(directory.text(of: "status") ?? "")
        let arguments = (try? directory.contents(of: "cmdline", limit: 1 << 20)) ?? []
        let inner = status.namespaceIDs.count > 1 ? Array(status.namespaceIDs.dropFirst()) : []
        return ProcessRecord(
            pid: directory.pid, name: bytes.flatMap(ThreadStat.init)?.name ?? "",
            executable: directory.destination(of: "task/\(target.handle)/exe"),
            arguments: arguments.split(separator: 0, omittingEmptySubsequences: false)
                .dropLast(arguments.last == 0 ? 1 : 0)
                .map { String(decoding: $0, as: UTF8.self) },
            startTime: startTime(target.identity.startTime), namespacePIDs: inner)
    }

    private static func startTime(_ ticks: UInt64) -> Double? {
        guard let bytes = try? FileBytes.read("/proc/stat", limit: 1 << 20) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("btime ") {
            guard let boot = Double(line.dropFirst(6)) else { return nil }
            return boot + Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
        return nil
    }

    /// Whether it is in our time namespace (time_namespaces(7)), or the kernel has none.
    static func sharesClocks(_ directory: borrowing ProcessDirectory, thread: Int32) -> Bool {
        let theirs = directory.destination(of: "task/\(thread)/ns/time")
        let ours = (try? ProcessDirectory(pid: getpid()))?.destination(of: "ns/time")
        return theirs == ours
    }

    /// What the kernel told its program (getauxval(3)).
    static func auxiliaryVector(_ directory: borrowing ProcessDirectory, thread: Int32) -> [UInt64]
    {
        let bytes = (try? directory.contents(of: "task/\(thread)/auxv", limit: 1 << 16)) ?? []
        return stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { place in
            bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// What the kernel says of a thread that does not stop.
    static func whereStuck(
        _ directory: borrowing ProcessDirectory, thread: Int32, _ architecture: Architecture
    ) -> String {
        var words = "in an uninterruptible wait"
        if let call = directory.text(of: "task/\(thread)/syscall")?.split(separator: " ").first,
            let number = Int(call)
        {
            words +=
                " in \(SystemCallReader.name(of: number, architecture) ?? "system call \(number)")"
        }
        if let place = directory.text(of: "task/\(thread)/wchan"), place != "0", !place.isEmpty {
            words += " (kernel: \(place))"
        }
        return words
    }
}
