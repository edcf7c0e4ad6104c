import AttachReport

/// Every form of what the core and the rules can say, with `name` wherever the target chooses one.
///
/// Each list stands beside a switch without a default case: a new form does not compile before it
/// is in here.
enum Samples {
    static func causes(_ name: String) -> [Finding.Cause] {
        let occupants = [
            Finding.Occupant(task: 8, threads: [4242]),
            Finding.Occupant(task: nil, threads: [4242, 4243, 99], endsWithOrphan: true),
        ]
        let executor = Finding.Executor(Address(2), type: name)
        let bare = Finding.Executor(Address(2), type: nil)
        let samples: [[Finding.Cause]] = Finding.Kind.allCases.map { kind in
            switch kind {
            case .deadlock: [.deadlock]
            case .actorBlocked: occupants.map { .actorBlocked($0) }
            case .mainActorBlocked: occupants.map { .mainActorBlocked($0) }
            case .poolStarved:
                [
                    .poolStarved(workers: [4242], jobs: 1),
                    .poolStarved(workers: [4242, 4243], jobs: 2),
                    .poolStarved(workers: [99, 1, 2], jobs: 0),
                ]
            case .lostContinuation: [.lostContinuation]
            case .unreadError:
                [
                    .unreadError(type: name, case: name, isChild: true),
                    .unreadError(type: name, case: nil, isChild: false),
                    .unreadError(type: nil, case: nil, isChild: false),
                ]
            case .neverStarted:
                [.neverStarted(on: executor), .neverStarted(on: bare), .neverStarted(on: nil)]
            case .cancelledStillWaiting:
                [
                    .cancelledStillWaiting(.task(8)), .cancelledStillWaiting(.task(99)),
                    .cancelledStillWaiting(.tasks), .cancelledStillWaiting(.continuation),
                ]
            case .lockHeld:
                [
                    .lockHeld(first: 4242, count: 1, owner: 4243),
                    .lockHeld(first: 99, count: 3, owner: 98), .lockOrphaned(first: 4242, count: 2),
                ]
            }
        }
        return samples.flatMap(\.self)
    }

    static func facts(_ name: String) -> [Finding.Fact] {
        let facts: [Finding.Fact] =
            [
                .thread(4242), .thread(99), .timeout,
                .queue(of: .actor(Address(1)), count: 1), .blockedWorkers(2), .searched(bytes: 5),
                .continuation(isChecked: true, creator: name),
                .continuation(isChecked: true, creator: nil),
                .continuation(isChecked: false, creator: nil), .resultNotTaken, .references(2),
                .readingLeavesNoTrace, .quiet, .noCancellationHandler,
                .unchanged(nanoseconds: .max), .notStopped(thread: 4242, because: name),
                .notStopped(thread: 99, because: nil),
            ] + Finding.Counted.allCases.map { .more(1, $0) } + gaps(name).map { .unread($0) }
            + edges(name).map { .edge($0) }
        for fact in facts {
            // A case that is missing here is missing above.
            switch fact {
            case .thread, .edge, .more, .timeout, .queue, .blockedWorkers, .searched,
                .continuation, .resultNotTaken, .references, .readingLeavesNoTrace, .quiet,
                .noCancellationHandler, .unchanged, .unread, .notStopped:
                break
            }
        }
        return facts
    }

    static func edges(_ name: String) -> [Edge] {
        let evidence: [Edge.Evidence] = [
            .currentTask, .dependencyOnTask, .dependency, .referenceOfThread, .referenceOfFrame,
            .queue, .groupChild, .scheduled, .onlyServer, .taskRunsOn, .threadRunsOn,
            .blockedWorker, .threadWait(name), .threadWait(nil),
        ]
        for sample in evidence {
            switch sample {
            case .currentTask, .dependencyOnTask, .dependency, .referenceOfThread,
                .referenceOfFrame, .queue, .groupChild, .scheduled, .onlyServer, .taskRunsOn,
                .threadRunsOn, .blockedWorker, .threadWait:
                break
            }
        }
        let kinds = Edge.Kind.allCases
        return evidence.enumerated().map { number, evidence in
            Edge(
                from: .task(8), to: .thread(4242), kind: kinds[number % kinds.count],
                evidence: evidence)
        }
    }

    static func gaps(_ name: String) -> [Gap.Subject] {
        let gaps: [Gap.Subject] =
            [
                .thread(4242), .threads, .stack(thread: 4242), .memory, .residency, .coreFile,
                .captureNote, .file(name), .mappedFiles, .furtherMappedFiles, .symbols(of: name),
                .lines(of: name), .debugFiles(of: [name, name]), .debugFolder(name),
                .furtherDebugFiles, .runtime, .tasks, .actors, .actor,
            ] + Gap.TaskPart.allCases.flatMap { [.task($0, of: 8), .task($0, of: nil)] }
        for gap in gaps {
            switch gap {
            case .thread, .threads, .stack, .memory, .residency, .coreFile, .captureNote, .file,
                .mappedFiles, .furtherMappedFiles, .symbols, .lines, .debugFiles, .debugFolder,
                .furtherDebugFiles, .runtime, .tasks, .task, .actors, .actor:
                break
            }
        }
        return gaps
    }

    static func holders(_ name: String) -> [Holder] {
        let holders: [Holder] =
            [
                .stack(thread: 4242), .stack(thread: 99), .threadLocal(thread: 4242),
                .register(thread: 4243), .kernel, .global(image: name), .frame(task: 8),
                .frame(task: 99), .closureContext, .error, .object(type: name),
                .allocation(Address(5)), .mapping(Address(6), file: name),
                .mapping(Address(6), file: nil),
            ] + Holder.Collection.allCases.map { .storage($0) }
        for holder in holders {
            switch holder {
            case .stack, .threadLocal, .register, .kernel, .global, .frame, .closureContext,
                .error, .object, .allocation, .mapping, .storage:
                break
            }
        }
        return holders
    }

    static func waits(_ name: String) -> [Wait] {
        Wait.Kind.allCases.flatMap { kind -> [Wait] in
            switch kind {
            case .none: [.none]
            case .task: [.task(8), .task(99)]
            case .continuation: [.continuation]
            case .sleep: [.sleep]
            case .stream: [.stream]
            case .yield: [.yield]
            case .group: [.group(Address(9)), .group(Address(10))]
            case .actor: [.actor(Address(1), type: name), .actor(Address(11), type: nil)]
            case .mainActor: [.mainActor]
            case .executor: [.executor(Address(2), type: name), .executor(Address(12), type: nil)]
            case .globalExecutor: [.globalExecutor]
            case .unknown: [.unknown]
            }
        }
    }
}
