import AttachReport
import Testing

@testable import AttachCore

/// Runtimes of versions that cannot be run here, laid out word by word after their sources, and
/// runtimes that are not what they say.
struct RuntimeVersionTests {
    /// A runtime that says this of itself.
    private func location(
        version: UInt32? = nil, size: UInt64? = nil, speaks: Bool = true,
        hasTaskExecutors: Bool = false
    ) -> RuntimeLocation {
        var location = RuntimeWorld.location
        location.layoutVersion = version
        location.taskSize = size
        location.speaks = speaks
        location.hasTaskExecutors = hasTaskExecutors
        return location
    }

    // MARK: 5.9, 5.10 and 6.0

    @Test(
        arguments: [
            (RuntimeLayout.swift5_7, true, false, "5.7-5.10"), (.swift6_0, true, true, "6.0"),
            (.swift6_0, false, false, "5.7-6.0"), (.swift5_7, false, false, "5.7-6.0"),
        ])
    func aSmallerTaskIsCalibrated(
        layout: RuntimeLayout, speaks: Bool, hasTaskExecutors: Bool, versions: String
    ) {
        var world = RuntimeWorld()
        for _ in 0..<5 { world.task(RuntimeWorld.Recipe(), layout) }
        let state = world.state(location(speaks: speaks, hasTaskExecutors: hasTaskExecutors))
        #expect(state.runtime.layout == versions)
        #expect(state.tasks.count == 5)
        #expect(state.gaps.isEmpty)
    }

    /// Up to 5.10 all jobs of an actor are in one list: those that have come in, newest first,
    /// each behind a link with a mark, and then those that have been sorted.
    @Test(arguments: [true, false])
    func anActorOfSwift5_10HasOneList(speaks: Bool) throws {
        var scene = ActorHostileTests.Scene(layout: .swift5_7)
        let place = scene.actor()
        let sortedLast = scene.visitor(of: place, priority: 0x09)
        let sortedFirst = scene.visitor(of: place, next: sortedLast)
        let older = scene.visitor(of: place, priority: 0x19, next: sortedFirst)
        let newer = scene.visitor(of: place, next: older | 1)
        scene.world.builder.put(place + 16, 0x1502, newer | 1)
        let idle = scene.actor()
        let actors = scene.actors(location(speaks: speaks))
        #expect(actors.map(\.subject) == [.actor(Address(place)), .actor(Address(idle))])
        let actor = try #require(actors.first)
        #expect(actor.state == .running)
        #expect(!actor.isRemote)
        #expect(actor.queue == [3, 2, 4, 1].map { .task($0) })
        #expect(actor.isQueueComplete)
        #expect(actors.last?.state == .idle)
    }

    @Test(arguments: [(true, true), (false, false)])
    func anActorOfSwift6_0HasTwoLists(speaks: Bool, hasTaskExecutors: Bool) throws {
        var scene = ActorHostileTests.Scene(layout: .swift6_0)
        let place = scene.actor()
        let sorted = scene.visitor(of: place)
        let older = scene.visitor(of: place)
        let newer = scene.visitor(of: place, next: older)
        scene.world.builder.put(place + 32, 0x1502, newer)
        scene.world.builder.put(place + 64, sorted)
        let actors = scene.actors(location(speaks: speaks, hasTaskExecutors: hasTaskExecutors))
        let actor = try #require(actors.first)
        #expect(actors.count == 1)
        #expect(actor.state == .running)
        #expect(actor.queue == [1, 2, 3].map { .task($0) })
        #expect(actor.isQueueComplete)
    }

    @Test func trackingRecordsOfSwift5_10AreShorter() {
        var builder = MemoryBuilder()
        let stack: UInt64 = 0x7f00_0000_0000
        for index in 0..<64 as Range<UInt64> { builder.put(stack + index * 8, 0) }
        builder.put(stack + 0x40, 0x1000, 0, 0xdead_be01, 0, 0, stack + 0x100, 0x9000)
        builder.put(stack + 0x100, 0x2000, 0, 1, 0, 0, 0, stack + 0x180)
        var reader = WordReader(builder.memory())
        let chain = ExecutorTracking.chain(
            from: stack + 0x40, stackPointer: stack, layout: .swift5_7, &reader)
        #expect(chain.map(\.executor) == [0x1000, 0x2000])
        #expect(chain.map(\.taskExecutor) == [0, 0])
    }

    // MARK: After 6.3

    @Test(arguments: [2, 3] as [UInt32], RuntimeLayout.unreleased(taskSize: 224))
    func namesInFragmentsAndChildrenInLists(version: UInt32, layout: RuntimeLayout) throws {
        var world = RuntimeWorld()
        let group = world.room(192)
        var recipe = RuntimeWorld.Recipe()
        recipe.name = "parent"
        recipe.dependency = (3, group, 0)
        // A bit that no release has set.
        recipe.status |= 0x20_0000
        let parent = world.task(recipe, layout)
        var child = RuntimeWorld.Recipe()
        child.flags |= 1 << 24 | 1 << 26
        child.group = group
        child.parent = parent.task
        child.name = "second"
        let second = world.task(child, layout)
        child.name = nil
        child.nextChild = second.task
        let first = world.task(child, layout)
        world.builder.put(group, 0, 2, 0, first.task, second.task)
        world.builder.put(group + 80, 1 << 62 | 2)
        world.builder.put(parent.dependency + 8, group + 8)
        var waiter = RuntimeWorld.Recipe()
        waiter.dependency = (1, first.task, 0)
        waiter.resume = RuntimeWorld.waitAdapter
        world.task(waiter, layout)
        let state = world.state(
            location(version: version, size: layout.taskSize, hasTaskExecutors: true))
        #expect(state.gaps.isEmpty)
        #expect(state.runtime.layout == "after 6.3")
        #expect(state.tasks.map(\.record.name) == ["parent", "second", nil, nil])
        #expect(state.tasks.map(\.record.parent) == [nil, 1, 1, nil])
        #expect(state.tasks[0].record.children == [3, 2])
        #expect(state.tasks[0].record.wait == .group(Address(group)))
        #expect(state.tasks[3].record.wait == .task(3))
    }

    // MARK: What no layout fits

    @Test func anUnknownLayoutIsAGapAndNoTask() {
        var world = RuntimeWorld()
        let strange = RuntimeLayout(versions: "", taskSize: 240)
        for _ in 0..<5 { world.task(RuntimeWorld.Recipe(), strange) }
        for version in [1, 4, 9, nil] as [UInt32?] {
            for speaks in [true, false] {
                let state = world.state(location(version: version, speaks: speaks))
                #expect(state.tasks.isEmpty)
                #expect(state.runtime.layout == nil)
                #expect(state.gaps.map(\.reason) == [.unknownLayout])
            }
        }
    }

    /// Tasks of one layout under a runtime that claims another.
    @Test(
        arguments: [
            (RuntimeLayout.swift6_1, 9, 208), (.swift6_1, 2, 208), (.swift6_1, 1, 224),
            (.swift6_1, nil, 192), (.swift6_1, nil, nil), (.swift6_0, 1, 208),
            (.swift6_0, 3, 192), (.swift6_1, 3, .max), (.swift6_1, 3, 0),
        ] as [(RuntimeLayout, UInt32?, UInt64?)])
    func aRuntimeThatSaysWhatItsTasksDisproveIsAGap(
        layout: RuntimeLayout, version: UInt32?, size: UInt64?
    ) {
        var world = RuntimeWorld()
        // Of plain tasks alone a wrong table of the same size can be right.
        var recipe = RuntimeWorld.Recipe()
        recipe.name = "name"
        let parent = world.task(recipe, layout)
        recipe.flags |= 1 << 24
        recipe.parent = parent.task
        for _ in 0..<5 { world.task(recipe, layout) }
        let state = world.state(location(version: version, size: size, hasTaskExecutors: true))
        #expect(state.tasks.isEmpty)
        #expect(state.runtime.layout == nil)
        #expect(state.gaps.map(\.reason) == [.unknownLayout])
    }

    /// A layout that differs only in parts which no task has shows no task otherwise than it is.
    @Test(arguments: [2, 3] as [UInt32])
    func aWrongLayoutThatFitsShowsWhatIsTrue(version: UInt32) {
        var world = RuntimeWorld()
        for _ in 0..<5 { world.task(RuntimeWorld.Recipe(), .swift6_1) }
        let state = world.state(location(version: version, size: 208, hasTaskExecutors: true))
        #expect(state.tasks.map(\.record.id) == [1, 2, 3, 4, 5])
        for task in state.tasks {
            #expect(task.record.state == .suspended)
            #expect(task.record.wait == .continuation)
            #expect(task.record.name == nil)
            #expect(task.record.parent == nil)
        }
        #expect(state.gaps.isEmpty)
    }
}
