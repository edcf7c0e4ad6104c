import AttachReport
import Testing

@testable import AttachCore

/// Actors in memory made by hand: whole, torn, and made to mislead.
struct ActorHostileTests {
    /// Lays out a class of actors and its objects.
    struct Scene {
        static let isa: UInt64 = 0x40_0008
        static let jobISA: UInt64 = 0x20_1000
        var world = RuntimeWorld()
        private var next: UInt64 = 0x50_0000
        private let layout: RuntimeLayout

        init(
            flags: UInt32 = 16 | 1 << 23 | 1 << 24, size: UInt32 = 120,
            layout: RuntimeLayout = .swift6_1
        ) {
            self.layout = layout
            world.builder.put(Self.isa - 8, 0x40_1000, 0, 0, 2)
            world.builder.put(Self.isa + 24, UInt64(size), 0, 0x40_2000)
            world.builder.put(0x40_1000, 0)
            world.builder.put32(0x40_2000, flags)
            world.builder.putRelative(0x40_2004, to: 0x40_3000)
            world.builder.putRelative(0x40_2008, to: 0x40_2100)
            world.builder.put32(0x40_200c, 0)
            world.builder.put(0x40_2100, string: "Bank")
            // Its module.
            world.builder.put32(0x40_3000, 0)
            world.builder.put32(0x40_3004, 0)
            world.builder.putRelative(0x40_3008, to: 0x40_3100)
            world.builder.put32(0x40_300c, 0)
            world.builder.put(0x40_3100, string: "Town")
        }

        /// An actor; returns where it lies.
        mutating func actor(
            _ state: UInt64 = 0, references: UInt64 = 3, incoming: UInt64 = 0, sorted: UInt64 = 0
        ) -> UInt64 {
            let place = next
            next += 0x100
            // What the runtime leaves as it finds it is not zero.
            for index in 0..<16 as Range<UInt64> {
                world.builder.put(place + index * 8, 0xdead_be00)
            }
            world.builder.put(place, Self.isa, references)
            guard let parts = layout.actors.first else { return place }
            world.builder.put(place + parts.isRemote, 0x7700)
            world.builder.put(place + parts.flags, state)
            world.builder.put(place + parts.incoming, incoming)
            if let list = parts.sorted { world.builder.put(place + list, sorted) }
            return place
        }

        /// A task that queues on an actor.
        mutating func visitor(
            of actor: UInt64, priority: UInt32 = 0x15, next: UInt64 = 0
        ) -> UInt64 {
            var recipe = RuntimeWorld.Recipe()
            recipe.status = 0x5000 | priority
            recipe.flags = 0x0200_0000 | priority << 8
            recipe.dependency = (4, actor, 0)
            let task = world.task(recipe, layout).task
            world.builder.put(task + 16, next)
            return task
        }

        func state(_ location: RuntimeLocation = RuntimeWorld.location) -> RuntimeState {
            var location = location
            location.jobISA = Self.jobISA
            return world.state(location)
        }

        func actors(_ location: RuntimeLocation = RuntimeWorld.location) -> [ActorRecord] {
            state(location).actors.filter { $0.kind == .default }
        }
    }

    @Test func anIdleActorIsFound() throws {
        var scene = Scene()
        let place = scene.actor()
        scene.world.task()
        let actor = try #require(scene.actors().first)
        #expect(actor.subject == .actor(Address(place)))
        #expect(actor.type == "Bank")
        #expect(actor.state == .idle)
        #expect(actor.queue.isEmpty && actor.isQueueComplete && !actor.isRemote)
        #expect(scene.state().soleActors == ["Town.Bank": Address(place)])
    }

    @Test(
        arguments: [
            // Being destroyed; no count at all; text.
            1 << 32 | 3, 0, 0x2020_2020_2020_2021, 2,
            // A side table that is not there.
            0xc000_0000_0123_4567,
        ] as [UInt64])
    func whatHasNoSaneCountsIsNoActor(references: UInt64) {
        var scene = Scene()
        _ = scene.actor(references: references)
        scene.world.task()
        #expect(scene.actors().isEmpty)
    }

    @Test func countsInASideTableAreFollowedOnce() {
        var scene = Scene()
        let table: UInt64 = 0x60_0000
        let place = scene.actor(references: 3 << 62 | table >> 3)
        scene.world.task()
        // The table of another object.
        scene.world.builder.put(table, place + 16, 0, 3, 1)
        #expect(scene.actors().isEmpty)
        scene.world.builder.put(table, place, 0, 1 << 32 | 3, 1)
        #expect(scene.actors().isEmpty, "it is being destroyed")
        scene.world.builder.put(table, place, 0, 3, 1)
        #expect(scene.actors().count == 1)
    }

    @Test(
        arguments: [
            (16 | 1 << 23 | 1 << 24, 96),  // too small for its storage
            (16, 120), (17 | 1 << 23 | 1 << 24, 120), (16 | 1 << 24, 120),
            (16 | 1 << 23 | 1 << 24, 0xffff_ffff),
        ] as [(UInt32, UInt32)])
    func whatIsNotDeclaredAnActorIsNone(flags: UInt32, size: UInt32) {
        var scene = Scene(flags: flags, size: size)
        _ = scene.actor()
        scene.world.task()
        #expect(scene.actors().isEmpty)
    }

    @Test func theQueueStandsInTheOrderOfItsRunning() throws {
        var scene = Scene()
        let place = scene.actor()
        // Sorted: medium 1, utility 2. Incoming, newest first: 6 background, 5 high, 4 medium,
        // and 3, a job that is no task.
        let second = scene.visitor(of: place, priority: 0x11)
        let first = scene.visitor(of: place, next: second)
        let job: UInt64 = 0x70_0000
        scene.world.builder.put(job, Scene.jobISA, 3, 0, 0, 0x15c1, 0, 0, 0, 0)
        let fourth = scene.visitor(of: place, next: job)
        let fifth = scene.visitor(of: place, priority: 0x19, next: fourth)
        let sixth = scene.visitor(of: place, priority: 0x09, next: fifth)
        scene.world.builder.put(place + 32, 0x1502, sixth)
        scene.world.builder.put(place + 64, first)
        let actor = try #require(scene.actors().first)
        #expect(actor.state == .running)
        #expect(actor.isQueueComplete)
        let byAddress = scene.state().tasks.reduce(into: [UInt64: UInt64]()) {
            $0[$1.record.address.value] = $1.record.id
        }
        let expected =
            [fifth, first].compactMap { byAddress[$0] }.map(ActorRecord.Job.task)
            + [.other(Address(job))]
            + [fourth, second, sixth].compactMap { byAddress[$0] }.map(ActorRecord.Job.task)
        #expect(actor.queue == expected)
    }

    @Test func aTornQueueSaysSo() throws {
        for kind in 0..<5 {
            var scene = Scene()
            let place = scene.actor()
            let other = scene.actor()
            let last = scene.visitor(of: kind == 0 ? other : place)
            let first = scene.visitor(of: place, next: last)
            switch kind {
            case 0: break  // The next waits for another actor.
            case 1: scene.world.builder.put(last + 16, first)  // round and round
            case 2: scene.world.builder.put(last + 16, 0xffff_ffff_ffff_fff0)
            case 3: scene.world.builder.put(last + 16, place)  // no job
            default: scene.world.builder.put(last + 16, 0x13)
            }
            scene.world.builder.put(place + 32, 0x1502, first)
            let actor = try #require(
                scene.actors().first { $0.subject == .actor(Address(place)) })
            #expect(!actor.isQueueComplete, "kind \(kind)")
            // Nobody who says that he waits is left out, and nobody is there twice.
            #expect(Set(actor.queue).count == actor.queue.count)
            #expect(actor.queue.count == (kind == 0 ? 1 : 2))
        }
    }

    @Test func whoWaitsForSomethingThatIsNoActorIsShown() throws {
        var scene = Scene()
        let visitor = scene.visitor(of: 0x7777_0000)
        _ = visitor
        let state = scene.state()
        let actor = try #require(state.actors.first { $0.kind == .default })
        #expect(actor.type == nil)
        #expect(actor.state == .unknown)
        #expect(actor.queue == [.task(1)] && !actor.isQueueComplete)
        #expect(!state.gaps.isEmpty)
    }

    @Test func memoryFullOfClassesEndsSomewhere() {
        var scene = Scene()
        scene.world.task()
        // Objects whose class is the next one, with a descriptor that is itself.
        for index in 0..<20_000 as Range<UInt64> {
            let place = 0x800_0000 + index * 48
            scene.world.builder.put(place, place + 48, 3, 0, place, place, place)
        }
        // And actors that lead to each other.
        for index in 0..<2000 as Range<UInt64> {
            let place = 0x1000_0000 + index * 128
            for word in 0..<16 as Range<UInt64> { scene.world.builder.put(place + word * 8, 0) }
            scene.world.builder.put(place, Scene.isa, 3)
            scene.world.builder.put(place + 32, 0x1502, place + 128)
            scene.world.builder.put(place + 64, place &- 128)
        }
        let actors = scene.actors()
        #expect(actors.count == 2000)
        #expect(actors.allSatisfy { $0.queue.isEmpty && !$0.isQueueComplete })
    }

    @Test func trackingRecordsLeadOutwardsOnly() {
        var builder = MemoryBuilder()
        let stack: UInt64 = 0x7f00_0000_0000
        for index in 0..<128 as Range<UInt64> { builder.put(stack + index * 8, 0) }
        func record(_ place: UInt64, _ executor: UInt64, _ saved: UInt64) {
            builder.put(stack + place, executor, 2, 0x9000, 0, 0, 0, 0, saved)
        }
        func chain(_ place: UInt64) -> [UInt64] {
            var reader = WordReader(builder.memory())
            return ExecutorTracking.chain(
                from: stack + place, stackPointer: stack, layout: .swift6_1, &reader
            ).map(\.executor)
        }
        record(0x40, 0x1000, stack + 0x100)
        record(0x100, 0x2000, 0)
        #expect(chain(0x40) == [0x1000, 0x2000])
        // Back to an inner one, to itself, beyond the stack, off the grid.
        for saved in [stack + 0x40, stack + 0x100, stack - 8, 1 << 50, stack + 0x203] {
            record(0x100, 0x2000, saved)
            #expect(chain(0x40) == [0x1000, 0x2000])
        }
        record(0x100, 0x2001, 0)
        #expect(chain(0x40) == [0x1000], "an executor off the grid")
        #expect(chain(0x44).isEmpty)
        var reader = WordReader(builder.memory())
        let unsure = ExecutorTracking.chain(
            from: stack + 0x40, stackPointer: stack, layout: .without6_1Lock, &reader)
        #expect(unsure.map(\.taskExecutor) == [0], "what may be an old record ends early")
    }

    @Test func nestedTasksAreToldApartByTheStack() {
        func record(_ address: UInt64, _ executor: UInt64) -> ExecutorTracking {
            ExecutorTracking(
                address: address, executor: executor, implementation: 0, taskExecutor: 0)
        }
        var occupants = ExecutorOccupants()
        // Task 2 runs on top of task 1; between them the drain of an actor without a task.
        occupants.add(
            [record(0x100, 0xa0), record(0x200, 0xb0), record(0x300, 0xc0)], of: 7,
            running: [.init(task: 1, end: 0x280), .init(task: 2, end: 0x80)], current: 2)
        func task(_ executor: UInt64) -> [UInt64?] {
            occupants.serial[.init(identity: executor, implementation: 0)]?.map(\.task) ?? []
        }
        #expect(task(0xa0) == [2])
        #expect(task(0xb0) == [nil])
        #expect(task(0xc0) == [1])
    }

    @Test func aQueueOfLibdispatchIsWalkedOnce() {
        var builder = MemoryBuilder()
        let queue: UInt64 = 0x1000
        for index in 0..<16 as Range<UInt64> { builder.put(queue + index * 8, 0) }
        func item(_ place: UInt64, next: UInt64, context: UInt64) {
            builder.put(place, 0x104, 0, next, 0, 0x5000, context, 0)
        }
        item(0x2000, next: 0x3000, context: 0x10_0000)
        item(0x3000, next: 0, context: 0x2000)
        func items() -> (items: [DispatchLane.Item], isWhole: Bool) {
            var reader = WordReader(builder.memory())
            var walk = BoundedWalk(limit: 100)
            return DispatchLane(queue).items(walk: &walk, &reader)
        }
        builder.put(queue + 104, 0x2000)
        builder.put(queue + 48, 0x3000)
        #expect(items().isWhole)
        #expect(items().items.map(\.context) == [0x10_0000, 0x2000])
        #expect(items().items.map(\.innerContext) == [0, 0x10_0000])
        // Somebody is about to add one.
        builder.put(queue + 48, 0x4000)
        #expect(!items().isWhole)
        item(0x3000, next: 0x2000, context: 0)
        #expect(!items().isWhole && items().items.count == 2)
        item(0x3000, next: .max - 7, context: 0)
        #expect(!items().isWhole && items().items.count <= 3)
    }

    @Test(
        arguments: [
            (
                "(1) suspend resume partial function for Town.Bank.pay(_: Swift.Int) async -> ()",
                "Town.Bank"
            ),
            ("Town.Bank.Vault.open<A>(A) async -> ()", "Town.Bank.Vault"),
            ("static Town.Bank.pay() async -> ()", nil), ("Town.pay() async -> ()", nil),
            ("closure #1 () async -> () in Town.Bank.pay() async -> ()", nil),
            ("Town.Bank.init() async -> Town.Bank", nil),
            ("Town.Bank.sum.getter : Swift.Int", nil),
            ("(extension in City):Town.Bank.pay() async -> ()", nil),
            ("Town.Bank.(pay in _0123456789ABCDEF)() async -> ()", nil), ("", nil), ("(", nil),
        ] as [(String, String?)])
    func methodsAreKnownByTheirLongNames(name: String, type: String?) {
        #expect(Reentrance.typeOfMethod(longForm: name) == type)
    }

    @Test func theCaseOfAnEnumIsReadWhereItIsCertain() {
        var builder = MemoryBuilder()
        // enum Town.Trouble { case fire, flood, theft }
        builder.put(0x1010 - 8, 0x1100, 0x201, 0x2000)
        builder.put(0x1100 + 64, 1, 1, 0)
        builder.put32(0x2000, 18)
        builder.putRelative(0x2004, to: 0x2800)
        builder.putRelative(0x2008, to: 0x2080)
        builder.put32(0x200c, 0)
        builder.putRelative(0x2010, to: 0x3000)
        builder.put32(0x2014, 0)
        builder.put32(0x2018, 3)
        builder.put32(0x201c, 0)
        builder.put(0x2080, string: "Trouble")
        builder.put32(0x2800, 0)
        builder.put32(0x2804, 0)
        builder.putRelative(0x2808, to: 0x2880)
        builder.put32(0x280c, 0)
        builder.put(0x2880, string: "Town")
        builder.put(0x3000, 0)
        builder.put32(0x3008, 2 | 12 << 16)
        builder.put32(0x300c, 3)
        for (index, name) in ["fire", "flood", "theft"].enumerated() {
            let field = 0x3010 + UInt64(index) * 12
            builder.put32(field, 0)
            builder.put32(field + 4, 0)
            builder.putRelative(field + 8, to: 0x3100 + UInt64(index) * 16)
            builder.put(0x3100 + UInt64(index) * 16, string: name)
        }
        func name(_ value: UInt64) -> String? {
            builder.put(0x4000, value)
            var reader = WordReader(builder.memory())
            var types = TypeReader()
            return EnumCase.name(ofValueAt: 0x4000, type: 0x1010, &types, &reader)
        }
        #expect([0, 1, 2, 3, 255].map(name) == ["fire", "flood", "theft", nil, nil])
        builder.put32(0x2014, 1)
        #expect(name(1) == nil, "one case has a payload")
        builder.put32(0x2014, 0)
        builder.put32(0x300c, 0xffff_ffff)
        #expect(name(1) == nil)
        builder.put32(0x300c, 3)
        builder.put(0x2880, string: "__C")
        #expect(name(1) == nil, "a number of C's")
    }
}
