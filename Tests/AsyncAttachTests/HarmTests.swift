import Glibc
import TestSupport
import Testing

/// Whatever becomes of the tool, the target runs on.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct HarmTests {
    @Test func aToolKilledAtAnyMomentLeavesTheTargetRunning() throws {
        var fixture = try Fixture("Busy")
        var seed = Seed()
        for _ in 0..<200 {
            let tool = try ChildProcess(Tool.path, ["\(fixture.pid)", "-o", "/dev/null"])
            usleep(UInt32.random(in: 0..<60_000, using: &seed))
            let signals = [SIGKILL, SIGINT, SIGTERM, SIGHUP]
            tool.signal(signals.randomElement(using: &seed) ?? SIGKILL)
        }
        try expectReleased(fixture)
        let result = try #require(try fixture.ask("exit")["result"] as? [String: Any])
        #expect(result["checksum"] as? String == result["expected"] as? String)
        #expect(result["signalsSent"] as? Int == result["signalsHandled"] as? Int)
        #expect(result["signalValuesSent"] as? Int == result["signalValuesHandled"] as? Int)
        #expect(result["shortSleeps"] as? Int == 0)
    }

    @Test func aStoppedTargetStaysStoppedWhenTheToolIsKilled() throws {
        let fixture = try Fixture("Heartbeat", ["20", "100"])
        fixture.child.signal(SIGSTOP)
        try fixture.child.waitUntil(state: "T")
        for delay in stride(from: UInt32(0), to: 60_000, by: 2_000) {
            let tool = try ChildProcess(Tool.path, ["\(fixture.pid)", "-o", "/dev/null"])
            usleep(delay)
            tool.signal(SIGKILL)
        }
        try expectReleased(fixture)
        try fixture.child.waitUntil(state: "T")
    }

    /// Frozen at any moment, the part that holds the target is ended by its supervisor.
    @Test(arguments: [0, 5_000, 15_000, 25_000, 40_000] as [UInt32])
    func aToolThatHangsIsEndedAtItsDeadline(_ delay: UInt32) throws {
        var fixture = try Fixture("Heartbeat", ["100", "1000", "64"])
        let tool = try ChildProcess(
            Tool.path, ["\(fixture.pid)", "--timeout", "2", "-o", "/dev/null"])
        var worker: Int32?
        try waitUntil("the tool has a worker, or has ended", every: 10) {
            worker = Self.child(of: tool.pid)
            return worker != nil || tool.statusField("State")?.hasPrefix("Z") == true
        }
        usleep(delay)
        if let worker { kill(worker, SIGSTOP) }
        try tool.waitUntil(state: "Z")
        try expectReleased(fixture)
        #expect(try fixture.ask("ping")["pong"] != nil)
    }

    private static func child(of pid: Int32) -> Int32? {
        guard let file = unsafe fopen("/proc/\(pid)/task/\(pid)/children", "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return text.split(separator: " ").first.flatMap { Int32($0) }
    }

    /// The kernel releases a moment after the tool's end.
    private func expectReleased(_ fixture: borrowing Fixture) throws {
        try fixture.child.waitUntil(tracedBy: 0)
    }
}
