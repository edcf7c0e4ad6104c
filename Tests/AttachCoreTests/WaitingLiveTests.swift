import AttachReport
import Foundation
import TestSupport
import Testing

@testable import AttachCore

/// What the threads of live processes wait for, against what they know themselves.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct WaitingLiveTests {
    /// The C library's own functions have names only where its debug symbols are installed.
    /// Where those are missing, these waits cannot be told from any other futex.
    private static let nameless: Set<String> = [
        "mutex-inherit", "mutex-robust", "mutex-robust-pi", "mutex-timed", "sem", "sem-timed",
        "join", "once-posix",
    ]

    @Test(arguments: Fixture.Mode.compiled)
    func everyThreadSaysWhatItWaitsForAndWhoHasIt(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Locks", mode: mode)
        // On a busy machine a thread may take a while to get back into its call, and until then
        // its descriptors are not known. Each must be known once, and never wrongly.
        var left = Set(fixture.facts("wait").compactMap { $0["name"] as? String })
        #expect(left.count > 60)
        for _ in 0..<20 where !left.isEmpty {
            let snapshot = try Self.snapshot(of: fixture.pid)
            for fact in fixture.facts("wait") {
                if let name = try compare(fact, snapshot) { left.remove(name) }
            }
            // The main thread is parked for good.
            #expect(snapshot.threads.first { $0.id == fixture.pid }?.wait?.kind == .work)
        }
        #expect(left.isEmpty)
    }

    /// The name of a thread that is described as it should be; nil where that is not known.
    private func compare(_ fact: [String: Any], _ snapshot: Snapshot) throws -> String? {
        let name = try #require(fact["name"] as? String)
        let isNameless = !snapshot.threads.contains { thread in
            thread.frames.contains { $0.symbol == "__futex_abstimed_wait_common" }
        }
        if isNameless && Self.nameless.contains(name) { return name }
        let tid = try #require(fact["tid"] as? Int)
        let thread = try #require(snapshot.threads.first { Int($0.id) == tid })
        let wait = try #require(thread.wait, "\(name)")
        if wait.descriptors.contains(where: { $0.kind == .other && $0.name == nil }) { return nil }
        expect(wait, fact, thread: thread, name)
        return name
    }

    private func expect(
        _ wait: ThreadWait, _ fact: [String: Any], thread: ThreadRecord, _ name: String
    ) {
        #expect(wait.kind.rawValue == fact["kind"] as? String, "\(name)")
        let owner =
            fact["owner"] as? String == "self"
            ? thread.id : (fact["owner"] as? Int).map { Int32($0) }
        #expect(wait.owner == owner, "\(name)")
        #expect(wait.deadOwner == (fact["deadOwner"] as? Int).map { Int32($0) }, "\(name)")
        if let object = fact["object"] as? String {
            #expect(wait.object?.description == object, "\(name)")
        }
        if let label = fact["label"] as? String { #expect(wait.label == label, "\(name)") }
        let descriptors = fact["descriptors"] as? [[String: Any]] ?? []
        #expect(wait.descriptors.count == descriptors.count, "\(name): \(wait.descriptors)")
        // An epoll comes first; what it waits for, in the order of numbers, which is any.
        let number = { (fact: [String: Any]) in fact["number"] as? Int ?? -1 }
        let place = { (found: DescriptorRecord) in found.kind == .epoll ? -1 : Int(found.number) }
        let inOrder = zip(
            wait.descriptors.sorted { place($0) < place($1) },
            descriptors.sorted { number($0) < number($1) })
        for (found, told) in inOrder {
            #expect(found.kind.rawValue == told["kind"] as? String, "\(name)")
            if let number = told["number"] as? Int { #expect(Int(found.number) == number) }
            guard let told = told["name"] as? String else { continue }
            if told.hasSuffix(" ") {
                #expect(found.name?.hasPrefix(told) == true, "\(name): \(found)")
            } else {
                #expect(found.name == told, "\(name)")
            }
        }
        if let seconds = fact["seconds"] as? Int {
            // The fixture's time began a while ago, on a busy machine a long while.
            let left = wait.timeLeft.map { $0 / 1_000_000_000 }
            #expect(
                left.map { (Int64(seconds) - 600...Int64(seconds)).contains($0) } == true,
                "\(name): \(wait)")
        } else {
            #expect(wait.timeLeft == nil, "\(name)")
        }
        #expect(
            wait.hasUnknownTimeout == (fact["unknownTimeout"] as? Bool ?? false), "\(name)")
    }

    /// Where the program has no symbols, what it calls of the C library still has; of what it does
    /// in libdispatch and in the Swift runtime only what the kernel itself keeps is certain.
    @Test func aStrippedProgramIsNotGuessedAt() throws {
        let fixture = try Fixture("Locks", mode: .stripped)
        let snapshot = try Self.snapshot(of: fixture.pid)
        let less: [String: ThreadWait.Kind] = [
            "lock": .mutex, "recursiveLock": .mutex, "swiftMutex": .futex, "dispatchSync": .futex,
            "dispatchGroup": .futex, "dispatchSemaphore": .semaphore, "work": .descriptor,
        ]
        for fact in fixture.facts("wait") {
            let thread = try #require(snapshot.threads.first { Int($0.id) == fact["tid"] as? Int })
            let wait = try #require(thread.wait)
            let name = fact["name"] as? String ?? ""
            let kind = fact["kind"] as? String ?? ""
            if kind == "dispatchSync" {
                #expect(wait.owner == nil, "\(name)")
            } else if let owner = wait.owner {
                let own = fact["owner"] as? String == "self"
                #expect(own ? owner == thread.id : Int(owner) == fact["owner"] as? Int, "\(name)")
            }
            if name == "swift-mutex" || name == "once-swift" {
                #expect(wait.kind == .futex)
                #expect(wait.owner != nil)
            } else if wait.kind != .futex || less[kind] == .futex {
                #expect(wait.kind == less[kind] ?? ThreadWait.Kind(rawValue: kind), "\(name)")
            }
        }
    }

    /// Without debug symbols, the C library does not name the functions that it waits in; who
    /// called them still says which they were.
    @Test(arguments: Fixture.Mode.compiled)
    func callsTellFunctionsWithoutNames(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Locks", mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        var symbolizer = Symbolizer(images: look.images, readsLines: false)
        let reader = ThreadWaitReader(look.target)
        let facts = fixture.facts("wait").filter {
            Self.nameless.contains($0["name"] as? String ?? "")
        }
        #expect(facts.count == Self.nameless.count)
        for fact in facts {
            let thread = try #require(
                look.capture.threads.first { Int($0.id) == fact["tid"] as? Int })
            let stack = try #require(look.stacks[thread.id])
            let names = symbolizer.frames(for: Set(stack.frames.map(\.address)))
            let frames = stack.frames.flatMap { names[$0.address] ?? [] }.map { frame in
                var frame = frame
                if frame.image?.hasPrefix("libc.so") == true { frame.symbol = nil }
                return frame
            }
            let wait = try #require(reader.read(thread, frames: frames, runsTask: false))
            let name = fact["name"] as? String ?? ""
            // Optimised, these closures end in a jump, too, and who called them did not say whom.
            if mode != .debug && wait.kind == .futex { continue }
            #expect(wait.kind.rawValue == fact["kind"] as? String, "\(name)")
            #expect(wait.owner == (fact["owner"] as? Int).map { Int32($0) }, "\(name)")
        }
    }

    private static let namespaceLauncher = [
        "/usr/bin/unshare", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child",
    ]

    /// Whether we may make namespaces.
    private static let canUnshare: Bool = {
        guard
            var child = try? ChildProcess(
                namespaceLauncher[0], namespaceLauncher.dropFirst() + ["/bin/echo", "yes"])
        else { return false }
        return child.readLine() == "yes"
    }()

    @Test(.enabled(if: canUnshare))
    func ownersInAnotherNamespaceAreFound() throws {
        let fixture = try Fixture("Locks", launcher: Self.namespaceLauncher)
        let children = try String(
            contentsOfFile: "/proc/\(fixture.pid)/task/\(fixture.pid)/children", encoding: .utf8)
        let pid = try #require(Int32(children.split(separator: " ").first ?? ""))
        let snapshot = try Self.snapshot(of: pid)
        var byInner: [Int: ThreadRecord] = [:]
        for thread in snapshot.threads {
            byInner[Int(try #require(thread.namespaceID))] = thread
        }
        var owners = 0
        for fact in fixture.facts("wait") {
            let name = fact["name"] as? String ?? ""
            let thread = try #require(byInner[fact["tid"] as? Int ?? 0])
            let wait = try #require(thread.wait)
            #expect(wait.deadOwner == (fact["deadOwner"] as? Int).map { Int32($0) }, "\(name)")
            guard let owner = fact["owner"] as? Int, let found = wait.owner else { continue }
            owners += 1
            #expect(found == byInner[owner]?.id, "\(name)")
        }
        #expect(owners > 10)
    }

    @Test func whoWaitsUninterruptiblySaysForWhat() throws {
        let fixture = try Fixture("VforkParent")
        let snapshot = try Self.snapshot(of: fixture.pid)
        let stuck = try #require(snapshot.threads.first { $0.state == .uninterruptible })
        #expect(stuck.systemCall?.name == "vfork")
        #expect(stuck.wait?.kind == .childProcess)
    }

    static func snapshot(of pid: Int32) throws -> Snapshot {
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: pid))
        return assembler.snapshot()
    }
}
