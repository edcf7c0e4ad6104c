import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// The same tasks as the toolchain's own reader sees them.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct RuntimeOracleTests {
    /// A line of Tests/Oracles/remote-mirror.
    struct Answer {
        var address: String
        var id: UInt64
        /// Child, future, group child, async let, cancelled, running, enqueued.
        var flags: [Bool]
        var resume: String
        var frames: [String]

        init?(_ line: String) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 10, let id = UInt64(words[1]) else { return nil }
            address = words[0]
            self.id = id
            flags = words[2..<9].map { $0 == "1" }
            resume = words[9]
            frames = Array(words[10...])
        }
    }

    /// How many frames it follows.
    private static let frameLimit = 1000
    private static let library = "/usr/lib/swift/linux/libswiftRemoteMirror.so"
    /// Where toolchains are: SWIFT_TOOLCHAIN names one; these are tried otherwise.
    static var mirror: String? {
        let named = unsafe getenv("SWIFT_TOOLCHAIN").map { unsafe String(cString: $0) }
        return ([named].compactMap { $0 } + ["/opt/swift", ""]).map { $0 + library }
            .first { unsafe access($0, R_OK) == 0 }
    }

    @Test(
        .enabled(if: mirror != nil, "libswiftRemoteMirror is not installed"),
        arguments: ["Waits", "Structure", "Isolation", "Bank", "Depth"], Fixture.Mode.compiled)
    func tasksAreSeenAlike(name: String, mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        let busy = fixture.facts("task").filter { $0["busy"] != nil }.compactMap {
            $0["id"] as? Int
        }
        let tasks = look.state.tasks.filter { !busy.contains(Int($0.record.id)) }
        let script = Fixture.packageFolder + "/Tests/Oracles/remote-mirror"
        var oracle = try ChildProcess(
            "/usr/bin/env",
            ["python3", script, try #require(Self.mirror), "\(fixture.pid)"]
                + tasks.map(\.record.address.description))
        var answers = 0
        for task in tasks {
            let line = oracle.readLine()
            let answer = try #require(line.flatMap(Answer.init), "\(line ?? "nothing")")
            answers += 1
            compare(task, answer)
        }
        #expect(answers == tasks.count)
    }

    @Test(
        .enabled(if: mirror != nil, "libswiftRemoteMirror is not installed"),
        arguments: ["Actors", "Isolation"], Fixture.Mode.compiled)
    func actorsAreSeenAlike(name: String, mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        let state = try RuntimeLook(pid: fixture.pid).state
        let actors = state.actors.filter { $0.kind == .default }
        let script = Fixture.packageFolder + "/Tests/Oracles/remote-mirror"
        var oracle = try ChildProcess(
            "/usr/bin/env",
            ["python3", script, try #require(Self.mirror), "\(fixture.pid)"]
                + actors.map { "actor:" + ($0.subject.address?.description ?? "") })
        let ids = state.tasks.reduce(into: [String: UInt64]()) {
            $0[$1.record.address.description] = $1.record.id
        }
        let states: [ActorRecord.State] = [.idle, .scheduled, .running, .ending]
        for actor in actors {
            let words = oracle.readLine()?.split(separator: " ").map(String.init) ?? []
            try #require(words.count >= 2)
            #expect(words[0] == actor.subject.address?.description)
            #expect(Int(words[1]) == states.firstIndex(of: actor.state))
            // It shows those who came in last, newest first; of one priority that is our order.
            let incoming = words[2...].reversed().compactMap { ids[$0] }
            let priorities = state.tasks.reduce(into: [UInt64: UInt8]()) {
                $0[$1.record.id] = $1.record.priority.rawValue
            }
            for priority in Set(incoming.map { priorities[$0] }) {
                let theirs = incoming.filter { priorities[$0] == priority }
                let ours = actor.queue.compactMap { job -> UInt64? in
                    guard case .task(let id) = job, priorities[id] == priority else { return nil }
                    return id
                }
                #expect(ours.suffix(theirs.count) == theirs[...], "\(actor.type ?? "?")")
            }
        }
    }

    private func compare(_ task: RawTask, _ answer: Answer) {
        let record = task.record
        #expect(answer.address == record.address.description)
        #expect(answer.id == record.id)
        let flags = [
            record.flags.contains(.child), true, record.flags.contains(.groupChild),
            record.flags.contains(.asyncLet), record.isCancelled, record.state == .running,
            record.state == .enqueued,
        ]
        #expect(answer.flags == flags, "task \(record.id)")
        // It ends with the function that completes the task, and knows no entry points.
        let isStarted = answer.frames.count > 1
        guard record.state == .suspended || record.state == .enqueued, isStarted else { return }
        let ours = task.resumePoints.map(\.address.description)
        // It gives up on deep stacks.
        let isCut = answer.frames.count == Self.frameLimit
        let frames = Array(isCut ? answer.frames : answer.frames.dropLast())
        if isCut {
            #expect(Array(ours.prefix(frames.count)) == frames, "task \(record.id)")
            return
        }
        #expect(ours == frames || ours == [answer.resume] + frames, "task \(record.id)")
    }
}
