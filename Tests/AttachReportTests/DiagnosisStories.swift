@testable import AttachReport

// What a verdict is about, told as stories:
//
//     diagnosis(
//         tasks: [task(5).runs(on: 50), task(8).queued(on: "Bank", at: bank)],
//         threads: [thread(50).runs(task: 5).sleeps(3_600).at("Bank.block() bank.swift:6")],
//         actors: [actor("Bank", at: bank).runs(task: 5, on: 50).queue(8)], still: .all)

/// An actor to tell something about.
func actor(_ type: String?, at address: UInt64) -> ActorStory {
    ActorStory(
        record: ActorRecord(
            subject: .actor(Address(address)), kind: .default, type: type, state: .idle))
}

/// An executor of the program's own.
func executor(
    _ type: String?, at address: UInt64, _ kind: ActorRecord.Kind = .customExecutor
) -> ActorStory {
    ActorStory(
        record: ActorRecord(
            subject: .executor(Address(address)), kind: kind, type: type, state: .unknown,
            isQueueComplete: false))
}

/// The main actor.
func mainActor() -> ActorStory {
    ActorStory(record: ActorRecord(subject: .mainActor, kind: .main, state: .idle))
}

/// What a test tells about one actor.
struct ActorStory {
    var record: ActorRecord

    private func with(_ change: (inout ActorRecord) -> Void) -> ActorStory {
        var copy = self
        change(&copy.record)
        return copy
    }

    func runs(task: UInt64?, on thread: Int32?) -> ActorStory {
        with {
            if $0.state != .unknown { $0.state = .running }
            $0.task = task
            $0.thread = thread
        }
    }
    func queue(_ tasks: UInt64...) -> ActorStory { with { $0.queue = tasks.map { .task($0) } } }
    func isScheduled() -> ActorStory { with { $0.state = .scheduled } }
}

extension ThreadStory {
    /// Blocked in a thread call for so many seconds, or for ever.
    func sleeps(_ seconds: Int64?) -> ThreadStory {
        waits(.sleep, timeLeft: seconds.map { $0 * 1_000_000_000 })
    }

    func waits(
        _ kind: ThreadWait.Kind, at object: UInt64? = nil, ownedBy owner: Int32? = nil,
        deadOwner: Int32? = nil, timeLeft: Int64? = nil, label: String? = nil
    ) -> ThreadStory {
        changed {
            $0.state = .sleeping
            $0.systemCall = SystemCall(number: 202, name: "futex", arguments: [])
            $0.wait = ThreadWait(
                kind: kind, object: object.map { Address($0) }, label: label, owner: owner,
                deadOwner: deadOwner, timeLeft: timeLeft, evidence: owner.map { _ in "__owner" })
        }
    }

    /// The same, where only its whole length is known.
    func sleepsInAll(_ seconds: Int64) -> ThreadStory {
        waits(.sleep).changed {
            $0.wait?.hasUnknownTimeout = true
            $0.wait?.timeLimit = seconds * 1_000_000_000
        }
    }

    func isIdle() -> ThreadStory { waits(.work) }

    /// It is there for something.
    func serves(_ role: ThreadRecord.Role) -> ThreadStory { changed { $0.role = role } }

    /// A thread of the global pool.
    func ofPool() -> ThreadStory {
        changed {
            $0.role = .poolWorker
            for text in ["~_dispatch_worker_thread libdispatch.so", "~start_thread libc.so.6"] {
                var frame = place(text, .returnAddress)
                frame.symbol = frame.function
                $0.frames.append(frame)
            }
        }
    }
}

extension TaskStory {
    /// Its continuation is nowhere to be found.
    func isLost(creator: String? = nil) -> TaskStory {
        waitsForContinuation().changed {
            $0.continuation = ContinuationRecord(
                isChecked: creator != nil, creator: creator,
                reach: .nowhere(bytesSearched: 93_000_000))
        }
    }

    /// Its continuation is held by these.
    func isHeld(by holders: Holder...) -> TaskStory {
        waitsForContinuation().changed {
            $0.continuation = ContinuationRecord(reach: .held(by: holders))
        }
    }

    func hears() -> TaskStory { changed { $0.hasCancellationHandler = true } }
    func handles(_ count: Int?) -> TaskStory { changed { $0.handles = count } }
    func queued(onExecutorAt address: UInt64, _ type: String? = "Own") -> TaskStory {
        changed {
            $0.state = .enqueued
            $0.wait = .executor(Address(address), type: type)
            $0.isAtItsStart = true
        }
    }
}

/// What was seen by watching.
enum SecondLook {
    /// There was none.
    case none
    /// Nothing had moved.
    case all
    /// Everything had.
    case nothing
    /// All had but these threads and tasks.
    case only(threads: Set<Int32>, tasks: Set<UInt64>)
    /// Nothing had moved for so many seconds of so many.
    case after(Int64, of: Int64)
}

/// The snapshot of a story.
func scene(
    tasks: [TaskStory] = [], threads: [ThreadStory] = [], actors: [ActorStory] = [],
    gaps: [Gap] = [], still: SecondLook = .none, change: (inout Snapshot) -> Void = { _ in }
) -> Snapshot {
    var snapshot = report(tasks: tasks, threads: threads, gaps: gaps).snapshot
    snapshot.actors = actors.map(\.record)
    switch still {
    case .none: break
    case .all:
        snapshot.stillness = Stillness(
            nanoseconds: 200_000_000, threads: Set(snapshot.threads.map(\.id)),
            tasks: Set(snapshot.tasks.map(\.id)))
    case .nothing:
        snapshot.stillness = Stillness(nanoseconds: 200_000_000, threads: [], tasks: [])
    case .only(let threads, let tasks):
        snapshot.stillness = Stillness(nanoseconds: 200_000_000, threads: threads, tasks: tasks)
    case .after(let seconds, let patience):
        snapshot.stillness = Stillness(
            nanoseconds: seconds * 1_000_000_000, patience: patience * 1_000_000_000,
            threads: Set(snapshot.threads.map(\.id)), tasks: Set(snapshot.tasks.map(\.id)))
    }
    change(&snapshot)
    return snapshot
}

/// A diagnosis of a story, with its findings in words.
@dynamicMemberLookup struct Told {
    /// A finding, and how it is said.
    @dynamicMemberLookup struct Sentence {
        let finding: Finding
        let message: String
        let evidence: [String]

        subscript<Value>(dynamicMember path: KeyPath<Finding, Value>) -> Value {
            finding[keyPath: path]
        }
    }

    let diagnosis: Diagnosis
    let findings: [Sentence]

    init(_ snapshot: Snapshot) {
        diagnosis = Diagnosis(of: snapshot)
        let phrases = FindingPhrases(snapshot)
        findings = diagnosis.findings.map {
            Sentence(
                finding: $0, message: phrases.message(of: $0), evidence: phrases.evidence(of: $0))
        }
    }

    subscript<Value>(dynamicMember path: KeyPath<Diagnosis, Value>) -> Value {
        diagnosis[keyPath: path]
    }
}

/// What is wrong in a story.
func diagnosis(
    tasks: [TaskStory] = [], threads: [ThreadStory] = [], actors: [ActorStory] = [],
    gaps: [Gap] = [], still: SecondLook = .none, change: (inout Snapshot) -> Void = { _ in }
) -> Told {
    Told(
        scene(
            tasks: tasks, threads: threads, actors: actors, gaps: gaps, still: still,
            change: change))
}

extension Told {
    /// `actor-blocked likely`, for comparisons in one line.
    var summary: [String] { findings.map { "\($0.kind.rawValue) \($0.confidence.name)" } }
}
