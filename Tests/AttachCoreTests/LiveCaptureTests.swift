import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

@Suite(.serialized, .timeLimit(.minutes(15)))
struct LiveCaptureTests {
    @Test func aSleepingProcessIsCapturedAndRunsOn() throws {
        let child = try ChildProcess("/bin/sleep", ["1000"])
        try child.waitUntil(state: "S")
        let capture = try LiveCapture.take(pid: child.pid)
        #expect(capture.threads.count == 1)
        let thread = try #require(capture.threads.first)
        #expect(thread.id == child.pid)
        #expect(thread.name == "sleep")
        #expect(thread.state == .sleeping)
        #expect(thread.systemCall?.name == "clock_nanosleep")
        #expect(capture.process.arguments == ["/bin/sleep", "1000"])
        #expect(capture.process.executable == "/usr/bin/sleep")
        #expect(capture.gaps.isEmpty)
        #expect(capture.record.pauseNanoseconds > 0)
        let registers = try #require(thread.registers)
        #expect(capture.memory.isReadable(Address(registers.stackPointer)))
        expectUntouched(child, state: "S")
    }

    @Test func nothingStaysOpen() throws {
        let fixture = try Fixture("Heartbeat", ["2", "10"])
        let before = try openDescriptors()
        for _ in 0..<20 { _ = try LiveCapture.take(pid: fixture.pid) }
        // Other tests open and close files at the same time; twenty times all images are many.
        #expect(try openDescriptors() < before + 20)
    }

    private func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    @Test func everyThreadIsThere() throws {
        let fixture = try Fixture("Heartbeat", ["50", "10"])
        let capture = try LiveCapture.take(pid: fixture.pid)
        let listed = Set(try threadIDs(of: fixture.pid))
        // Threads of the pool may come and go; those that the fixture made stay.
        let idle = capture.threads.filter { $0.name.hasPrefix("idle-") }
        #expect(idle.count == 50)
        #expect(Set(idle.map(\.id)).isSubset(of: listed))
        #expect(capture.threads.allSatisfy { $0.registers != nil })
        #expect(capture.threads.filter { $0.name == "heartbeat" }.map(\.state) == [.running])
    }

    @Test func theBytesAreTheProcessesOwn() throws {
        let fixture = try Fixture("Heartbeat", ["2", "10", "32"])
        let capture = try LiveCapture.take(pid: fixture.pid)
        #expect(capture.record.bytes > 32 << 20)
        // Read-only after relocation: the same bytes again, read in another way.
        let file = unsafe open("/proc/\(fixture.pid)/mem", O_RDONLY)
        defer { close(file) }
        var compared = 0
        for segment in capture.memory.segments where segment.isCaptured && !segment.isWritable {
            guard segment.end < 1 << 47 else { continue }
            let count = Int(min(segment.end - segment.start, 4096))
            var bytes = [UInt8](repeating: 0, count: count)
            let got = unsafe pread(file, &bytes, count, off_t(segment.start))
            #expect(got == count)
            #expect(capture.memory.copy(Address(segment.start), count: count) == bytes)
            compared += count
        }
        #expect(compared > 0)
    }

    @Test func aStoppedProcessStaysStopped() throws {
        let fixture = try Fixture("Heartbeat", ["4", "10"])
        fixture.child.signal(SIGSTOP)
        try fixture.child.waitUntil(state: "T")
        for _ in 0..<20 {
            let capture = try LiveCapture.take(pid: fixture.pid)
            #expect(capture.record.wasJobStopped)
            #expect(capture.threads.allSatisfy { $0.state == .stopped && $0.registers != nil })
            expectUntouched(fixture.child, state: "T")
        }
        fixture.child.signal(SIGCONT)
        try waitUntil("\(fixture.pid) runs on") {
            fixture.child.statusField("State")?.hasPrefix("T") != true
        }
        expectUntouched(fixture.child, state: "S")
    }

    @Test func everyThreadStopsEachTime() throws {
        let fixture = try Fixture("Heartbeat", ["300", "10"])
        for _ in 0..<30 {
            let capture = try LiveCapture.take(pid: fixture.pid)
            #expect(capture.gaps.isEmpty)
            #expect(capture.threads.allSatisfy { $0.registers != nil })
        }
    }

    @Test func aThousandCapturesOfABusyProcessDisturbNothing() throws {
        var fixture = try Fixture("Busy")
        for _ in 0..<1000 { _ = try LiveCapture.take(pid: fixture.pid) }
        #expect(fixture.child.statusField("TracerPid") == "0")
        let result = try #require(try fixture.ask("exit")["result"] as? [String: Any])
        #expect(result["checksum"] as? String == result["expected"] as? String)
        #expect(result["signalsSent"] as? Int == result["signalsHandled"] as? Int)
        #expect(result["signalValuesSent"] as? Int == result["signalValuesHandled"] as? Int)
        #expect(result["shortSleeps"] as? Int == 0)
        #expect(try #require(result["rounds"] as? Int) > 0)
    }

    @Test func threadsThatComeAndGoAreAllReleased() throws {
        var fixture = try Fixture("Churn", mode: .release)
        for _ in 0..<100 {
            let capture = try LiveCapture.take(pid: fixture.pid)
            #expect(!capture.threads.isEmpty)
        }
        #expect(try fixture.ask("ping")["pong"] != nil)
        expectUntouched(fixture.child, state: nil)
    }

    @Test func aProcessThatExecutesItselfAgainAndAgainEndsWell() throws {
        var fixture = try Fixture("ExecLoop", mode: .release)
        var captured = 0
        for _ in 0..<200 {
            do {
                _ = try LiveCapture.take(pid: fixture.pid)
                captured += 1
            } catch {
                // It may change again and again under our eyes; that is said, and nothing hangs.
                #expect(
                    error == .keptChanging(pid: fixture.pid) || error == .ended(pid: fixture.pid))
            }
        }
        #expect(captured > 0)
        #expect(try fixture.ask("ping")["pong"] != nil)
    }

    @Test func aFirstThreadThatHasEndedIsNoObstacle() throws {
        let fixture = try Fixture("ZombieLeader")
        let capture = try LiveCapture.take(pid: fixture.pid)
        #expect(!capture.threads.isEmpty)
        #expect(!capture.threads.contains { $0.id == fixture.pid })
        #expect(!capture.mappings.isEmpty)
        #expect(capture.record.bytes > 0)
    }

    @Test func aThreadThatCannotStopIsSaidToBe() throws {
        var fixture = try Fixture("VforkParent")
        var limits = CaptureLimits()
        limits.stopPatience = 100_000_000
        let capture = try LiveCapture.take(pid: fixture.pid, limits: limits)
        let stuck = try #require(capture.threads.first { $0.name == "vforking" })
        #expect(stuck.registers == nil)
        #expect(stuck.state == .uninterruptible)
        let gap = try #require(capture.gaps.first { $0.reason == .notStopped })
        #expect(gap.detail?.contains("vfork") == true)
        #expect(capture.threads.first { $0.id == fixture.pid }?.registers != nil)
        #expect(try fixture.ask("ping")["pong"] != nil)
    }

    @Test func nobodyAnswersToAFreePID() {
        #expect(throws: AttachError.noSuchProcess(pid: 4_194_000)) {
            try LiveCapture.take(pid: 4_194_000)
        }
    }

    @Test func aTracedProcessNamesItsTracer() throws {
        let child = try ChildProcess("/bin/sleep", ["1000"])
        // It waits for a command. A "shell" of it would outlive it, and hold the test's output.
        let tracer = try ChildProcess("/usr/bin/gdb", ["-q", "-nx", "-p", "\(child.pid)"])
        try child.waitUntil(tracedBy: tracer.pid)
        #expect(
            throws: AttachError.notPermitted(
                pid: child.pid, cause: .alreadyTraced(tracer: tracer.pid, name: "gdb"))
        ) {
            try LiveCapture.take(pid: child.pid)
        }
    }

    @Test func ourselvesAreRefused() {
        #expect(throws: AttachError.ourselves(pid: getpid())) {
            try LiveCapture.take(pid: getpid())
        }
    }

    @Test(.enabled(if: kernelThreadsAreSeen, "a pid namespace hides the kernel's threads"))
    func aKernelThreadIsNoProgram() throws {
        #expect(throws: AttachError.kernelThread(pid: 2)) { try LiveCapture.take(pid: 2) }
    }

    private static var kernelThreadsAreSeen: Bool {
        (try? String(contentsOfFile: "/proc/2/comm", encoding: .utf8)) == "kthreadd\n"
    }

    @Test func aZombieHasNothingToRead() throws {
        let child = try ChildProcess("/bin/true")
        try child.waitUntil(state: "Z")
        #expect(throws: AttachError.zombie(pid: child.pid)) { try LiveCapture.take(pid: child.pid) }
    }

    @Test func whatDoesNotFitTheBudgetIsCounted() throws {
        let fixture = try Fixture("Heartbeat", ["2", "10", "64"])
        var limits = CaptureLimits()
        limits.maximumBytes = 16 << 20
        let capture = try LiveCapture.take(pid: fixture.pid, limits: limits)
        #expect(capture.record.bytes <= 16 << 20)
        let gap = try #require(capture.gaps.first { $0.reason == .budget })
        #expect(try #require(gap.bytes) > 40 << 20)
        // The stacks come first.
        for thread in capture.threads {
            let registers = try #require(thread.registers)
            let isThere = capture.memory.isReadable(Address(registers.stackPointer))
            #expect(isThere)
        }
    }

    @Test func theStacksAreReadHoweverShortThePauseMayBe() throws {
        let fixture = try Fixture("Heartbeat", ["2", "10", "64"])
        var limits = CaptureLimits()
        limits.maximumPause = 1
        let capture = try LiveCapture.take(pid: fixture.pid, limits: limits)
        #expect(capture.gaps.contains { $0.reason == .budget })
        for thread in capture.threads {
            guard let registers = thread.registers else { continue }
            let isThere = capture.memory.isReadable(Address(registers.stackPointer))
            #expect(isThere)
        }
    }

    /// Guard regions (madvise(2), MADV_GUARD_INSTALL) lie inside the mapping they guard, as those
    /// of thread stacks do with newer C libraries.
    @Test func whatLiesBehindAPageThatCannotBeReadIsRead() throws {
        let pages = 16
        let mapped = unsafe mmap(
            nil, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe mapped, unsafe memory != MAP_FAILED else { return }
        defer { unsafe munmap(memory, pages * 4096) }
        let start = UInt64(UInt(bitPattern: memory))
        unsafe memset(memory, 1, pages * 4096)
        let holes = [0, 1, 5, 9, 15]
        for hole in holes { _ = unsafe mprotect(memory + hole * 4096, 4096, PROT_NONE) }
        let arena = try MemoryArena(capacity: 1 << 20, prefault: 0)
        var segments: [TargetMemory.Segment] = []
        var unreadable: [Range<UInt64>] = []
        let all = start..<start + UInt64(pages * 4096)
        arena.copy(
            [all], of: getpid(), isWritable: true, into: &segments, unreadable: &unreadable)
        let copied = TargetMemory(segments: segments, owners: [arena])
        for page in 0..<pages {
            let value: UInt8? = copied.load(Address(start + UInt64(page) * 4096))
            #expect(value == (holes.contains(page) ? nil : 1))
        }
        #expect(unreadable.map { Int($0.lowerBound - start) / 4096 } == [0, 5, 9, 15])
        #expect(unreadable.map { $0.count / 4096 } == [2, 1, 1, 1])
    }

    /// Nobody traces it, and it is in the state it should be in.
    private func expectUntouched(_ child: borrowing ChildProcess, state: String?) {
        #expect(child.statusField("TracerPid") == "0")
        guard let state else { return }
        // A released thread runs for a moment until it is back in its wait.
        for _ in 0..<1000 where child.statusField("State")?.hasPrefix(state) != true {
            usleep(1000)
        }
        #expect(child.statusField("State")?.hasPrefix(state) == true)
    }

    private func threadIDs(of pid: Int32) throws -> [Int32] {
        try ProcessDirectory(pid: pid).threadIDs()
    }
}
