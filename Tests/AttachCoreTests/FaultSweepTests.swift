import AttachReport
import Foundation
import TestSupport
import Testing

@testable import AttachCore

/// Everything that is read of a process fails once: there is always an answer, within bounds, and
/// no task in it that was not there.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct FaultSweepTests {
    /// What becomes of a word.
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case missing
        case cutShort
        case zero
        case pointsToItself
        case lowBitFlipped
        case highBitFlipped

        var testDescription: String { rawValue }
        var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    private static let capture: ChangeableCapture? = {
        guard let fixture = try? Fixture("Structure", mode: .release) else { return nil }
        return (try? LiveCapture.take(pid: fixture.pid)).map(ChangeableCapture.init)
    }()

    /// Each run of captured memory in turn, as if its read had failed.
    @Test func aPartOfTheMemoryThatCannotBeRead() throws {
        let folder = try CoreFolder()
        let fixture = try Fixture("Structure", mode: .release)
        let path = try folder.write(LiveCapture.take(pid: fixture.pid))
        let whole = try Self.snapshot(path)
        let known = Dictionary(
            whole.tasks.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
        var core = try Data(contentsOf: URL(fileURLWithPath: path))
        let places = Self.storedSegments(of: core)
        #expect(places.count > 10)
        for place in places.enumerated().filter({ $0.offset % max(1, places.count / 24) == 0 }) {
            let offset = core[place.element..<place.element + 8]
            core.replaceSubrange(
                place.element..<place.element + 8, with: [0, 0, 0, 0, 0, 0, 0, 0x7f])
            try core.write(to: URL(fileURLWithPath: path))
            core.replaceSubrange(place.element..<place.element + 8, with: offset)
            let torn = try Self.snapshot(path)
            #expect(torn.coverage.gaps.contains { $0.detail == "the core file is cut short" })
            #expect(torn.threads.map(\.id) == whole.threads.map(\.id))
            for task in torn.tasks {
                let other = try #require(known[task.address], "a task is made up")
                #expect(task.id == other.id)
                let symbols = Set(other.frames.map(\.symbol))
                let others = task.frames.map(\.symbol).filter { $0 != nil && !symbols.contains($0) }
                #expect(
                    others.isEmpty, "task \(task.id): \(others) of \(other.frames.map(\.symbol))")
            }
        }
    }

    private static func snapshot(_ path: String) throws -> Snapshot {
        var options = SnapshotOptions()
        options.readsLines = false
        var assembler = SnapshotAssembler(try CoreReader.read(path), options: options)
        return assembler.snapshot()
    }

    /// Where the file offsets of the segments with contents stand (`p_offset`, elf.h).
    private static func storedSegments(of core: Data) -> [Int] {
        let bytes = ImageBytes(copying: core)
        let count = Int(bytes.load(56, as: UInt16.self) ?? 0)
        return (0..<count).map { 64 + $0 * 56 }.filter {
            bytes.load(UInt64($0), as: UInt32.self) == ELFLayout.Segment.load
                && bytes.load(UInt64($0) + 32, as: UInt64.self) != 0
        }.map { $0 + 8 }
    }

    /// Words of every task, group and actor, and of every stack from its top.
    @Test(arguments: Fault.allCases)
    func aWordThatCannotBeTrusted(fault: Fault) throws {
        let capture = try #require(Self.capture)
        let whole = capture.look()
        let known = Set(whole.tasks.map(\.record.address))
        #expect(known.count > 10)
        let isMissing = fault == .missing || fault == .cutShort
        var changed = 0
        for (number, place) in capture.places.enumerated() {
            for (index, address) in stride(from: place, to: place + 232, by: 8).enumerated() {
                // A task is found by its first word. (Whoever captured the memory says that there
                // is none.)
                if isMissing, capture.places.contains(address) { continue }
                // Each word in one way or another, and every other one is missing.
                let turn = number + index
                guard
                    fault == .missing
                        ? turn % 2 == 0 : turn % Fault.allCases.count == fault.index,
                    let old = capture.word(at: address)
                else { continue }
                let state: RuntimeState
                switch fault {
                case .missing: state = capture.look(without: address..<address + 8)
                case .cutShort: state = capture.look(without: address + 3..<address + 8)
                case .zero, .pointsToItself, .lowBitFlipped, .highBitFlipped:
                    let new =
                        switch fault {
                        case .pointsToItself: address
                        case .lowBitFlipped: old ^ 1 << (address / 8 % 24)
                        case .highBitFlipped: old ^ 1 << (24 + address / 8 % 40)
                        default: UInt64(0)
                        }
                    guard new != old else { continue }
                    capture.store(new, at: address)
                    state = capture.look()
                    capture.store(old, at: address)
                }
                let found = Set(state.tasks.map(\.record.address))
                #expect(found.isSubset(of: known), "\(Address(address)) makes up a task")
                #expect(state.tasks.count == found.count, "\(Address(address)) doubles a task")
                if state.isDifferent(from: whole) { changed += 1 }
                if isMissing {
                    #expect(
                        state.says(moreThan: whole),
                        """
                        \(address - place) bytes into \(Address(place)): \
                        \(state.difference(from: whole))
                        """)
                }
            }
        }
        #expect(changed > 10)
        #expect(!capture.look().isDifferent(from: whole))
    }
}

extension RuntimeState {
    /// Whether a task is missing or shown in another way.
    fileprivate func isDifferent(from whole: RuntimeState) -> Bool {
        tasks.count != whole.tasks.count
            || zip(tasks, whole.tasks).contains { $0.isDifferent(from: $1) }
    }

    /// Whether it says so, where it is different: a gap, a rejected object, or at the task.
    fileprivate func says(moreThan whole: RuntimeState) -> Bool {
        if gaps.count > whole.gaps.count || rejected > whole.rejected { return true }
        return zip(tasks, whole.tasks).allSatisfy { task, other in
            !task.isDifferent(from: other) || task.stoppedBecause != nil
                || task.isUnsure(beside: other)
        }
    }
}

extension RuntimeState {
    /// What is different about the first task that is.
    fileprivate func difference(from whole: RuntimeState) -> String {
        guard tasks.count == whole.tasks.count else { return "\(tasks.count) tasks" }
        for (task, other) in zip(tasks, whole.tasks) where task.isDifferent(from: other) {
            let pairs = zip(
                Mirror(reflecting: task.record).children,
                Mirror(reflecting: other.record).children)
            for (ours, theirs) in pairs where "\(ours.value)" != "\(theirs.value)" {
                return
                    "\(ours.label ?? "?") of task \(task.record.id): \(theirs.value) -> \(ours.value)"
            }
            return "stack of task \(task.record.id)"
        }
        return "nothing"
    }
}

extension RawTask {
    /// Whether it says that it cannot be told who resumes it, or names more that may.
    fileprivate func isUnsure(beside other: RawTask) -> Bool {
        switch (record.continuation?.reach, other.record.continuation?.reach) {
        case (.unknown?, _): true
        case (.held(let holders)?, .held(let others)?): Set(others).isSubset(of: holders)
        default: false
        }
    }

    fileprivate func isDifferent(from other: RawTask) -> Bool {
        "\(record)" != "\(other.record)" || resumePoints != other.resumePoints
    }
}
