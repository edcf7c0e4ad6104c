import AttachReport
import CLinux
import Glibc
import TestSupport
import Testing

@testable import AttachCore

@Suite(.timeLimit(.minutes(5))) struct SessionTests {
    private static func options() -> InspectionOptions {
        var options = InspectionOptions()
        options.patience = 100_000_000
        return options
    }

    private static func summary(_ report: Report) -> [String] {
        report.snapshot.tasks.map { task in
            let frames = task.frames.map {
                "\($0.function ?? "?") \($0.location?.line ?? 0)"
            }
            return "\(task.id) \(task.state) \(task.wait) \(frames)"
        }
    }

    /// Each look sees what the first one saw, and what a look by itself sees.
    @Test(arguments: [Fixture.Mode.debug, .release])
    func looksAgreeWithEachOther(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Structure", mode: mode)
        var session = Session(of: fixture.pid, options: Self.options())
        let first = try session.look()
        #expect(!first.snapshot.tasks.isEmpty)
        for _ in 0..<3 {
            let next = try session.look()
            #expect(Self.summary(next) == Self.summary(first))
            #expect(next.snapshot.threads.map(\.id) == first.snapshot.threads.map(\.id))
            #expect(
                next.snapshot.threads.map { $0.frames.map(\.function) }
                    == first.snapshot.threads.map { $0.frames.map(\.function) })
            #expect(next.findings.map(\.kind) == first.findings.map(\.kind))
            #expect(next.snapshot.capture.timeNanoseconds > first.snapshot.capture.timeNanoseconds)
        }
        let alone = try Inspection(of: .process(fixture.pid), options: Self.options()).report()
        #expect(Self.summary(alone) == Self.summary(first))
    }

    /// What happens to the target in between is seen.
    @Test func seesThatTheTargetGoesOn() throws {
        let fixture = try Fixture("Busy", mode: .debug)
        var session = Session(of: fixture.pid, options: Self.options())
        var places: Set<[Address?]> = []
        for _ in 0..<6 {
            let report = try session.look()
            places.insert(report.snapshot.threads.map { $0.frames.first?.address })
        }
        #expect(places.count > 1, "its threads compute all the time")
    }

    @Test func aTargetThatEndsIsSaidToHaveEnded() throws {
        var session: Session
        do {
            let child = try ChildProcess("/bin/sleep", ["1000"])
            session = Session(of: child.pid, options: Self.options())
            let report = try session.look()
            #expect(report.snapshot.threads.count == 1)
        }
        do {
            _ = try session.look()
            Issue.record("there is nobody to look at")
        } catch {
            switch error {
            case .attach(.noSuchProcess), .attach(.ended), .attach(.zombie): break
            default: Issue.record("\(error)")
            }
        }
    }

    /// A worker that is killed costs one look at most; the target runs on, and the next look has
    /// everything again.
    @Test func aWorkerThatDiesIsReplaced() throws {
        let fixture = try Fixture("Structure", mode: .debug)
        var session = Session(of: fixture.pid, options: Self.options())
        let first = try session.look()
        let known = session.stopperID
        let stopper = try #require(known)
        let worker = try #require(Self.children(of: stopper).last)
        kill(worker, SIGKILL)
        do {
            _ = try session.look()
        } catch {
            #expect(error == .workerFailed(signal: SIGKILL) || error == .workerFailed(signal: 0))
        }
        let next = try session.look()
        #expect(Self.summary(next) == Self.summary(first))
        kill(stopper, SIGKILL)
        _ = try? session.look()
        let last = try session.look()
        #expect(Self.summary(last) == Self.summary(first))
    }

    /// Nothing of the session is left when it is gone.
    @Test func itsProcessesEndWithIt() throws {
        let fixture = try Fixture("Structure", mode: .debug)
        var pids: [Int32] = []
        do {
            var session = Session(of: fixture.pid, options: Self.options())
            _ = try session.look()
            let known = session.stopperID
            let stopper = try #require(known)
            pids = [stopper] + Self.children(of: stopper)
            #expect(pids.count == 2)
        }
        for pid in pids {
            try waitUntil("process \(pid) ends", seconds: 10) { kill(pid, 0) != 0 }
        }
    }

    /// The pids of a process's children.
    private static func children(of pid: Int32) -> [Int32] {
        var found: [Int32] = []
        guard let directory = try? ProcessDirectory(pid: pid) else { return [] }
        for thread in (try? directory.threadIDs()) ?? [] {
            let text = directory.text(of: "task/\(thread)/children") ?? ""
            found += text.split(separator: " ").compactMap { Int32($0) }
        }
        return found.sorted()
    }
}
