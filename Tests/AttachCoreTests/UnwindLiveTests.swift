import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Stacks of live processes against those that debuggers find.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct UnwindLiveTests {
    @Test(arguments: ["NativeThreads", "Running", "AsyncFramePointer"], Fixture.Mode.compiled)
    func stacksAreThoseOfDebuggers(_ name: String, _ mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        // Stopped, spinning threads stand where the debuggers will find them.
        fixture.child.signal(SIGSTOP)
        var capture = try LiveCapture.take(pid: fixture.pid)
        try waitUntil("all threads are stopped", every: 10_000) {
            capture = try LiveCapture.take(pid: fixture.pid)
            return capture.threads.allSatisfy { $0.state == .stopped }
        }
        let ready = UnwindOracle.Ready(capture)
        let stacks = ready.stacks()
        let gdb = try UnwindOracle.gdb(fixture.pid)
        let elfutils = try UnwindOracle.elfutils(fixture.pid)
        var agreed = (gdb: 0, elfutils: 0)
        for thread in ready.capture.threads {
            let stack = try #require(stacks[thread.id])
            let ours = UnwindOracle.addresses(stack)
            let others = [gdb[thread.id] ?? [], elfutils[thread.id] ?? []]
            agreed.gdb += ours == others[0] ? 1 : 0
            agreed.elfutils += ours == others[1] ? 1 : 0
            #expect(stack.stoppedBecause == nil, "\(thread.name)")
            #expect(stack.uncertainBecause == nil, "\(thread.name)")
            // Where a thread has not run yet nobody called anybody; debuggers make up a caller.
            if thread.registers?.isNewThread == true || others.contains(ours) { continue }
            if thread.name == "no-fde" {
                // gdb reads one frame too many and goes on; eu-stack stops or loses one.
                #expect(others[0].filter(ours.contains) == ours)
            } else {
                // The others stop at the mark on a frame pointer.
                for other in others {
                    #expect(
                        other.count < ours.count && Array(ours.prefix(other.count)) == other,
                        "\(thread.name): \(ours.map(Address.init)) or \(other.map(Address.init))")
                }
            }
        }
        #expect((agreed.gdb + 1) * 10 >= ready.capture.threads.count * 8)
        #expect((agreed.elfutils + 1) * 10 >= ready.capture.threads.count * 8)
    }

    /// Busy threads stopped anywhere: in prologues, epilogues, stubs and functions of the runtime
    /// without unwind information.
    @Test(arguments: Fixture.Mode.compiled)
    func stacksAreCompleteWhereverAThreadStands(_ mode: Fixture.Mode) throws {
        let fixture = try Fixture("Busy", mode: mode)
        var pcs: Set<Address> = []
        var number = 0
        var seed = Seed()
        for _ in 0..<40 {
            let ready = UnwindOracle.Ready(try LiveCapture.take(pid: fixture.pid))
            for (id, stack) in ready.stacks() {
                number += 1
                pcs.formUnion(stack.frames.first.map { [$0.address.address] } ?? [])
                #expect(stack.stoppedBecause == nil, "thread \(id): \(stack)")
                #expect(stack.uncertainBecause == nil)
            }
            usleep(.random(in: 0...3000, using: &seed))
        }
        #expect(number >= 300)
        #expect(pcs.count > 5)
    }

    @Test func aDeepStackKeepsItsEnds() throws {
        let fixture = try Fixture("NativeThreads")
        let ready = UnwindOracle.Ready(try LiveCapture.take(pid: fixture.pid))
        let deep = try #require(ready.capture.threads.first { $0.name == "deep" })
        let whole = try #require(ready.stacks()[deep.id])
        #expect(whole.frames.count > 20_000)
        #expect(whole.omitted == nil)
        let ends = try #require(ready.stacks(limit: 100)[deep.id])
        #expect(ends.frames == Array(whole.frames.prefix(50) + whole.frames.suffix(50)))
        #expect(ends.omitted?.count == whole.frames.count - 100)
        #expect(ends.omitted?.at == 50)
        let frames = zip(whole.frames, whole.frames.dropFirst())
        #expect(
            frames.allSatisfy { $0.canonicalFrameAddress < $1.canonicalFrameAddress })
    }

    @Test func framesAroundASignalAreWhereTheThreadStood() throws {
        let fixture = try Fixture("NativeThreads", mode: .debug)
        let ready = UnwindOracle.Ready(try LiveCapture.take(pid: fixture.pid))
        for name in ["handler", "altstack", "fault"] {
            let thread = try #require(ready.capture.threads.first { $0.name == name })
            let stack = try #require(ready.stacks()[thread.id])
            // pause, wait_here, handler, the trampoline, and what was interrupted
            #expect(
                stack.frames.prefix(6).map(\.address.kind) == [
                    .programCounter, .returnAddress, .returnAddress, .programCounter,
                    .programCounter, .returnAddress,
                ])
        }
    }

    /// The innermost frame of a call through a null pointer is in no code, its caller is.
    @Test func aCallToNowhereHasACaller() throws {
        let fixture = try Fixture("NativeThreads", mode: .debug)
        let ready = UnwindOracle.Ready(try LiveCapture.take(pid: fixture.pid))
        let thread = try #require(ready.capture.threads.first { $0.name == "nanosleep" })
        let stack = try #require(ready.stacks()[thread.id])
        var registers = try #require(thread.registers)
        // As if the caller of nanosleep had called address 8.
        registers.words[16] = 8
        registers.words[19] = stack.frames[0].canonicalFrameAddress.value - 8
        var unwinder = Unwinder(ready.target)
        let other = unwinder.unwind(registers)
        #expect(other.frames.first?.address.address == Address(8))
        #expect(
            other.frames.dropFirst().map(\.address) == stack.frames.dropFirst().map(\.address))
        #expect(other.stoppedBecause == nil)
        // But not where the stack holds no return address.
        registers.words[19] -= 32
        let lost = unwinder.unwind(registers)
        #expect(lost.frames.count == 1)
        #expect(lost.stoppedBecause == "there is no code at 0x8")
    }
}
