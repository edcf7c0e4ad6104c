import AttachReport

extension Stories {
    private static let bankActor = Address(0x7F11_0000_0000)
    private static let mutexes = [Address(0x7F20_0000_0040), Address(0x7F20_0000_0080)]

    /// An actor held by a thread that sleeps, a continuation that nobody has, a wait for the main
    /// actor, and things that only look odd.
    static var stuck: Report {
        let callers = place("closure #1 in static Main.main() bank.swift:19", .asyncResumePoint)
        let native: [Frame] = [
            place("clock_nanosleep libc.so.6", .programCounter),
            place("Thread.sleep(forTimeInterval:) libFoundation.so", .returnAddress),
            place("Bank.block() bank.swift:6", .returnAddress),
        ]
        let nap = place("nap() bank.swift:8", .asyncResumePoint)
        var report = report(
            tasks: [
                task(1, "main").awaits(8).at("static Main.main() bank.swift:24"),
                task(3).waitsForContinuation().at("leak() bank.swift:10").changed {
                    $0.continuation = ContinuationRecord(
                        isChecked: true, creator: "leak()",
                        reach: .nowhere(bytesSearched: 93_000_000))
                },
                task(4).waitsForContinuation().at("listen() bank.swift:12").changed {
                    $0.continuation = ContinuationRecord(
                        isChecked: false,
                        reach: .held(by: [.object(type: "Listener"), .stack(thread: 4251)]))
                },
                task(5, "blocker").runs(on: 4250).stands(on: native + [callers]),
                task(6).waitsForContinuation().at("listen() bank.swift:12").changed {
                    $0.continuation = ContinuationRecord(
                        reach: .unknown("the allocator is not known"))
                },
                task(7).finished(throwing: "Boom").changed {
                    $0.result = .error(type: "Boom", case: "loud")
                },
                task(8, "withdraw").queued(on: "Bank").at("Bank.withdraw(_:) bank.swift:3"),
                task(9).queued(on: "Bank").at("Bank.withdraw(_:) bank.swift:3"),
                task(10).queuedOnMainActor().at("show() ui.swift:30"),
                task(11).sleeps().stands(on: [nap]).changed { $0.wakesIn = 991_000_000_000 },
                task(12).sleeps().stands(on: [nap]).changed { $0.wakesIn = 992_400_000_000 },
                task(13).sleeps().at("late() bank.swift:9").changed { $0.wakesIn = -3_200_000_000 },
                task(14).queuedOnPool().at("idle() bank.swift:77"),
            ],
            threads: [
                thread(4242, "bank").sits(in: "read", number: 0).at(
                    "read libc.so.6", "prompt() ui.swift:5"
                ).changed {
                    $0.wait = ThreadWait(
                        kind: .descriptor,
                        descriptors: [
                            DescriptorRecord(number: 0, kind: .terminal, name: "/dev/pts/1")
                        ])
                },
                thread(4250, "oot.default-qos").sits(in: "clock_nanosleep").runs(task: 5)
                    .stands(on: native).changed {
                        $0.wait = ThreadWait(kind: .sleep, timeLeft: 3_200_000_000)
                    },
                thread(4252, "idle").sits(in: "futex").at("~futex libc.so.6").changed {
                    $0.wait = ThreadWait(kind: .work)
                },
                thread(4253, "idle").sits(in: "epoll_wait").at("~poll libc.so.6").changed {
                    $0.wait = ThreadWait(kind: .work)
                },
            ]
        ) {
            $0.actors = [
                ActorRecord(
                    subject: .actor(bankActor), kind: .default, type: "Bank", state: .running,
                    task: 5, thread: 4250, queue: [.task(8), .task(9)]),
                ActorRecord(
                    subject: .actor(Address(0x7F11_0000_0100)), kind: .default, type: "Log",
                    state: .idle),
                ActorRecord(
                    subject: .actor(Address(0x7F11_0000_0200)), kind: .default, type: "Log",
                    state: .idle),
                ActorRecord(
                    subject: .actor(Address(0x7F11_0000_0300)), kind: .default, type: "Cache",
                    state: .idle, suspendedInside: [4, 6]),
                ActorRecord(
                    subject: .mainActor, kind: .main, state: .idle, thread: 4242,
                    queue: [.task(10)]),
                ActorRecord(
                    subject: .executor(Address(0x7F12_0000_0000)), kind: .customExecutor,
                    type: "Loop", state: .unknown, queue: [.other(Address(0x7F00_0000_0040))],
                    isQueueComplete: false),
                ActorRecord(
                    subject: .globalExecutor, kind: .globalExecutor, state: .unknown,
                    queue: [.task(14)]),
            ]
            $0.stillness = Stillness(
                nanoseconds: 203_000_000, threads: [4242, 4250], tasks: [3, 5, 8, 9])
        }
        report.edges = [
            Edge(
                from: .task(8), to: .actor(bankActor), kind: .queuedOn,
                evidence: .queue),
            Edge(
                from: .actor(bankActor), to: .task(5), kind: .heldBy,
                evidence: .taskRunsOn),
            Edge(
                from: .task(5), to: .thread(4250), kind: .runsOn, evidence: .currentTask),
            Edge(
                from: .task(1), to: .task(8), kind: .awaits, evidence: .dependency),
            Edge(
                from: .task(3), to: .continuation(of: 3), kind: .suspendedIn,
                evidence: .dependency),
        ]
        report.findings = [
            Finding(
                .actorBlocked(Finding.Occupant(task: 5, threads: [4250])), severity: .problem,
                confidence: .likely,
                subjects: [.actor(bankActor), .task(5), .thread(4250)],
                affected: [.task(1), .task(8), .task(9)],
                evidence: [
                    .thread(4250), .queue(of: .actor(bankActor), count: 2),
                    .unchanged(nanoseconds: 203_000_000),
                ]),
            Finding(
                .lostContinuation, severity: .problem, confidence: .proven, subjects: [.task(3)],
                evidence: [.searched(bytes: 93_000_000)]),
            Finding(
                .unreadError(type: "Boom", case: "loud", isChild: false), severity: .note,
                confidence: .hint, subjects: [.task(7)], evidence: [.readingLeavesNoTrace]),
            Finding(
                .neverStarted(on: nil), severity: .warning, confidence: .hint,
                subjects: [.task(14)]),
        ]
        return report
    }

    /// Two threads that want each other's mutex, and two tasks that await each other.
    static var knot: Report {
        var report = report(
            tasks: [
                task(1, "hen").awaits(2).at("hen() knot.swift:3"),
                task(2, "egg").awaits(1).at("egg() knot.swift:7"),
                task(3).awaits(2).at("breakfast() knot.swift:9"),
            ],
            threads: [4250, 4251].enumerated().map { position, id in
                thread(id, "w\(position)").sits(in: "futex").at(
                    "futex_wait libc.so.6", "pthread_mutex_lock libc.so.6",
                    "swap(_:_:) knot.swift:\(20 + position)"
                ).changed {
                    $0.wait = ThreadWait(
                        kind: .mutex, object: mutexes[position], owner: id == 4250 ? 4251 : 4250,
                        evidence: "__owner of the pthread_mutex_t")
                }
            } + [
                thread(4252, "late").sits(in: "futex").changed {
                    $0.wait = ThreadWait(kind: .mutex, object: mutexes[0], deadOwner: 77)
                }
            ])
        let locks: [Subject] = [
            .thread(4250), .lock(mutexes[0]), .thread(4251), .lock(mutexes[1]),
        ]
        report.edges = locks.enumerated().map { position, subject in
            Edge(
                from: subject, to: locks[(position + 1) % 4],
                kind: position % 2 == 0 ? .waitsFor : .ownedBy,
                evidence: .threadWait("__owner of the pthread_mutex_t"))
        }
        report.edges += [(1, 2), (2, 1), (3, 2)].map { from, to in
            Edge(
                from: .task(from), to: .task(to), kind: .awaits, evidence: .dependency)
        }
        report.findings = [
            Finding(
                .deadlock, severity: .problem, confidence: .proven, subjects: locks,
                evidence: [.thread(4250), .edge(report.edges[1])]),
            Finding(
                .deadlock, severity: .problem, confidence: .proven,
                subjects: [.task(1), .task(2)], affected: [.task(3)]),
        ]
        return report
    }
}
