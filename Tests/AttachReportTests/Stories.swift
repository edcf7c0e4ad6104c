import AttachReport

/// The stories by name, so that tests over them read well.
enum Story: String, CaseIterable, Sendable {
    case bank, stuck, knot, torn, plain, empty, deep, sleepers, hostile

    var report: Report {
        switch self {
        case .bank: Stories.bank
        case .stuck: Stories.stuck
        case .knot: Stories.knot
        case .torn: Stories.torn
        case .plain: Stories.plain
        case .empty: Stories.empty
        case .deep: Stories.deep
        case .sleepers: Stories.sleepers(600)
        case .hostile: HostileNamesTests.hostile(HostileNamesTests.name)
        }
    }
}

/// Ways to look at a report.
enum View: String, CaseIterable, Sendable {
    case all, verbose, color, narrow, verdict, tasks, actors, threads

    var options: RenderOptions {
        switch self {
        case .all: RenderOptions(showAll: true)
        case .verbose: RenderOptions(verbose: true)
        case .color: RenderOptions(color: true)
        case .narrow: RenderOptions(width: 44)
        case .verdict: RenderOptions(sections: .verdict)
        case .tasks: RenderOptions(sections: .tasks)
        case .actors: RenderOptions(sections: .actors)
        case .threads: RenderOptions(sections: .threads)
        }
    }
}

/// Reports that several tests look at.
enum Stories {
    /// A group waits for sleepers, a blocker holds a worker, others queue behind it.
    static var bank: Report {
        let nap: [Frame] = [
            place("Bank.withdraw(_:) bank.swift:4", .asyncResumePoint),
            place("inner(_:) bank.swift:8", .inlined),
            place("outer(_:) bank.swift:9", .asyncResumePoint),
            place("%thunk for @escaping @Sendable () async -> () bank", .asyncResumePoint),
            place("~completeTaskWithClosure libswift_Concurrency.so", .asyncResumePoint),
        ]
        let native: [Frame] = [
            place("clock_nanosleep libc.so.6", .programCounter),
            place("Thread.sleep(forTimeInterval:) libFoundation.so", .returnAddress),
            place("Bank.block() bank.swift:6", .returnAddress),
        ]
        let worker: [Frame] = [
            place("~swift_job_run libswift_Concurrency.so", .returnAddress),
            place("~_dispatch_worker_thread libdispatch.so", .returnAddress),
            place("~start_thread libc.so.6", .returnAddress),
        ]
        let callers: [Frame] = [
            place("closure #1 in static Main.main() bank.swift:19", .asyncResumePoint),
            place("~completeTaskWithClosure libswift_Concurrency.so", .asyncResumePoint),
        ]
        let idle = ["epoll_wait libc.so.6", "~loop libdispatch.so", "~start_thread libc.so.6"]
        return report(
            tasks: [
                task(1, "main").waitsForGroup(of: [10, 11, 12])
                    .at("static Main.main() bank.swift:24"),
                task(3).waitsForContinuation().cancelled().at("leak() bank.swift:10"),
                task(5, "blocker").runs(on: 4250).stands(on: native + callers),
                task(6).finished(throwing: "Boom"),
                task(7).finished(),
                task(8, "withdraw").queued(on: "Bank").at("Bank.withdraw(_:) bank.swift:3"),
                task(9).queuedOnMainActor().at("show() ui.swift:30"),
                task(10).sleeps().stands(on: nap),
                task(11, "slow").sleeps().stands(on: nap),
                task(12).finished(),
                task(13).awaits(5).child(of: 1, .asyncLet).priority(0x19, raisedFrom: 0x15)
                    .at("audit() bank.swift:40"),
                task(14).waitsForStream().at("follow(_:) bank.swift:51"),
                task(15).neverStarted().at("closure #3 in static Main.main() bank.swift:60"),
                task(16).yields().priority(0x09).at("spin() bank.swift:70"),
            ],
            threads: [
                thread(4242, "bank").sits(in: "epoll_wait").at(
                    "epoll_wait libc.so.6", "CFRunLoopRun libCoreFoundation.so"),
                thread(4250, "oot.default-qos").sits(in: "clock_nanosleep").runs(task: 5)
                    .stands(on: native + worker),
                thread(4251, "idle").sits(in: "epoll_wait").at(idle[0], idle[1], idle[2]),
                thread(4252, "idle").sits(in: "epoll_wait").at(idle[0], idle[1], idle[2]),
                thread(4253, "idle").sits(in: "epoll_wait").at(idle[0], idle[1], idle[2]),
            ])
    }

    /// Nothing could be read whole.
    static var torn: Report {
        report(
            tasks: [
                task(1).waitsForSomethingUnknown().stands(on: [
                    Frame(
                        kind: .asyncResumePoint, address: Address(0x5555_5556_0000), image: "bank",
                        imageOffset: 0x10000),
                    Frame(kind: .omitted(4_000)),
                    Frame(kind: .asyncResumePoint, address: Address(0xDEAD)),
                    Frame(kind: .stopped("the context chain leads back into itself")),
                ]),
                task(2).runs(on: nil),
                task(3).awaits(99),
            ],
            threads: [
                thread(4242, "bank").changed { $0.state = .uninterruptible },
                thread(4243, "").sits(in: nil, number: 999),
            ],
            gaps: [
                Gap(
                    .thread(4242), reason: .notStopped, detail: "in fsync"),
                Gap(
                    .memory, address: Address(0x7F00_0000_0000), bytes: 8_192,
                    reason: .shortRead),
            ] + (UInt64(0)..<20).map { Gap(.task(.contextChain, of: $0), reason: .inconsistent) })
    }

    /// A process without Swift.
    static var plain: Report {
        report(
            on: "nginx",
            threads: [thread(4242, "nginx").sits(in: "epoll_wait").at("epoll_wait libc.so.6")]
        ) {
            $0.runtime = RuntimeRecord(isPresent: false, hasSwift: false)
            $0.coverage = Coverage()
        }
    }

    /// Swift, with a runtime, and nothing alive in it.
    static var empty: Report { report { $0.coverage.rejected = 0 } }

    /// A recursion, a stack of many different frames, and one whose every frame is folded.
    static var deep: Report {
        let recursion =
            ["leaf() deep.swift:2"] + Array(repeating: "visit(_:) deep.swift:5", count: 400)
        let many = (1...100).map { "step\($0)() deep.swift:\($0 + 10)" }
        return report(
            tasks: [
                task(1).waitsForContinuation().stands(
                    on: recursion.map { place($0, .asyncResumePoint) }),
                task(2).sleeps().stands(on: many.map { place($0, .asyncResumePoint) }),
            ],
            threads: [
                thread(4242, "deep").sits(in: "futex")
                    .at("~syscall libc.so.6", "~wait libdispatch.so", "~start_thread libc.so.6")
            ])
    }

    /// So many sleepers that share one array of frames, and a few that stand elsewhere.
    static func sleepers(_ count: Int, sharingFrames: Bool = true) -> Report {
        let places = [
            "leaf(_:) hang.swift:9", "middle(_:) hang.swift:10", "outer(_:) hang.swift:11",
        ]
        let shared = places.map { place($0, .asyncResumePoint) }
        let template = task(1).sleeps().stands(on: shared).record
        return report {
            $0.tasks = (1...UInt64(count)).map { id in
                var record = template
                record.id = id
                record.name = id % 100 == 0 ? "job-\(id)" : nil
                if !sharingFrames { record.frames = Array(shared.map { $0 }) }
                return record
            }
            $0.coverage.tasksFound = count
        }
    }
}
