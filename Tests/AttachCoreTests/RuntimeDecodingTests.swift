import AttachReport
import Testing

@testable import AttachCore

/// Tasks laid out word by word, and what is made of them.
struct RuntimeDecodingTests {
    @Test func aPlainTaskIsReadWhole() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.name = "withdraw"
        recipe.status |= 0x500
        let parts = world.task(recipe)
        let state = world.state()
        #expect(state.gaps.isEmpty)
        #expect(state.runtime.layout == "6.1-6.3")
        let task = try #require(state.tasks.first)
        #expect(task.record.id == 1)
        #expect(task.record.address == Address(parts.task))
        #expect(task.record.name == "withdraw")
        #expect(task.record.state == .suspended)
        #expect(task.record.wait == .continuation)
        #expect(task.record.isCancelled)
        #expect(task.record.flags == [.escalated])
        #expect(task.record.resultType == "()")
        #expect(task.record.handles == 0)
        #expect(task.stoppedBecause == nil)
        // The resume function is named by task and context, and is one frame.
        #expect(
            task.resumePoints.map(\.address.value)
                == [RuntimeWorld.code + 0x1000, RuntimeWorld.code + 0x2000])
    }

    @Test func aHopKeepsItsOwnFrame() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.resume = RuntimeWorld.code + 0x5000
        recipe.status = 0x5015
        recipe.dependency = (4, 0, 0)
        world.task(recipe)
        let task = try #require(world.state().tasks.first)
        #expect(task.record.state == .enqueued)
        #expect(task.record.wait == .globalExecutor)
        #expect(
            task.resumePoints.map(\.address.value) == [
                RuntimeWorld.code + 0x5000, RuntimeWorld.code + 0x1000,
                RuntimeWorld.code + 0x2000,
            ])
    }

    @Test func anAdapterIsNoFrame() throws {
        var world = RuntimeWorld()
        let awaited = world.task()
        var recipe = RuntimeWorld.Recipe()
        recipe.resume = RuntimeWorld.waitAdapter
        recipe.dependency = (1, awaited.task, 0xdead_beef)
        world.task(recipe)
        let task = try #require(world.state().tasks.last)
        #expect(task.record.wait == .task(1))
        #expect(task.resumePoints.count == 2)
    }

    @Test func aTaskThatNeverStartedShowsItsEntry() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.resume = RuntimeWorld.futureAdapter
        recipe.frames = []
        recipe.dependency = (4, 0, 0)
        recipe.status = 0x5015
        world.task(recipe)
        recipe.dependency = nil
        recipe.status = 0x15
        world.task(recipe)
        let tasks = world.state().tasks
        #expect(tasks.map(\.record.state) == [.enqueued, .created])
        for task in tasks {
            #expect(task.resumePoints.map(\.address.value) == [recipe.entry])
        }
    }

    @Test(
        arguments: [(1, TaskRecord.Result.success), (2, .error(type: nil))]
            as [(UInt64, TaskRecord.Result)])
    func aCompletedTaskHasAResult(state: UInt64, result: TaskRecord.Result) throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.status = 0x2015
        recipe.voucher = .max
        recipe.dependency = nil
        recipe.waitQueue = state
        world.task(recipe)
        let task = try #require(world.state().tasks.first)
        #expect(task.record.state == .completed)
        #expect(task.record.result == result)
        #expect(task.record.handles == 1)
        #expect(task.resumePoints.isEmpty)
    }

    @Test func groupsHaveTheirChildrenInOrder() throws {
        var world = RuntimeWorld()
        let group = world.room(192)
        var child = RuntimeWorld.Recipe()
        child.flags |= 1 << 24 | 1 << 26
        child.group = group
        let parentAddress = world.addresses.count
        var recipe = RuntimeWorld.Recipe()
        recipe.resume = RuntimeWorld.groupAdapter
        recipe.dependency = (3, group, 0)
        let parent = world.task(recipe)
        #expect(parentAddress == 0)
        child.parent = parent.task
        let second = world.task(child)
        child.nextChild = second.task
        let first = world.task(child)
        world.builder.put(group, 0, 2, 0, first.task, second.task)
        world.builder.put(group + 80, 1 << 62 | 2)
        world.builder.put(parent.dependency + 8, group + 8)
        let state = world.state()
        #expect(state.gaps.isEmpty)
        #expect(state.groups.count == 1)
        #expect(state.groups.first?.children == [3, 2])
        #expect(state.groups.first?.pending == 2)
        #expect(state.tasks[0].record.children == [3, 2])
        #expect(state.tasks[0].record.wait == .group(Address(group)))
        #expect(state.tasks[0].resumePoints.count == 2)
        #expect(state.tasks[1].record.parent == 1)
        #expect(state.tasks[1].record.group == Address(group))
        #expect(state.tasks[1].record.flags == [.child, .groupChild])
    }

    @Test func anAsyncLetTaskLivesOnlyInItsParentsRecords() {
        for isNamed in [true, false] {
            var world = RuntimeWorld()
            var child = RuntimeWorld.Recipe()
            child.flags |= 1 << 24 | 1 << 28
            child.references = ReferenceCounts.Masks.immortal
            child.parent = 0x100_0000
            var recipe = RuntimeWorld.Recipe()
            recipe.records = [(1, [0, 0])]
            let parent = world.task(recipe)
            #expect(parent.task == child.parent)
            let let1 = world.task(child)
            if isNamed { world.builder.put(parent.records[0] + 16, let1.task) }
            let state = world.state()
            #expect(state.tasks.map(\.record.id) == (isNamed ? [1, 2] : [1]))
            #expect(state.rejected == (isNamed ? 0 : 1))
            #expect(state.tasks[0].record.children == (isNamed ? [2] : []))
        }
    }

    @Test func sleepersAreKnownByTheirTimers() throws {
        var world = RuntimeWorld()
        let sleeper = world.task()
        let tokens = [world.room(8), world.room(8)]
        var helper = RuntimeWorld.Recipe()
        helper.status = 0x15
        helper.resume = RuntimeWorld.futureAdapter
        helper.frames = []
        helper.dependency = nil
        for (token, word) in zip(tokens, [sleeper.task, 2]) {
            world.builder.put(token, word)
            helper.closure = world.room(32)
            world.builder.put(helper.closure, 0x1234, 3, token)
            world.task(helper)
        }
        let state = world.state()
        #expect(state.helpersFolded == 2)
        #expect(state.tasks.map(\.record.wait) == [.sleep])
    }

    @Test func executorsAreTold() throws {
        var world = RuntimeWorld()
        let object = world.room(16)
        world.builder.put(object, 0, 3)
        var recipe = RuntimeWorld.Recipe()
        recipe.status = 0x5015
        for dependency in [(4, object, 0), (4, object, 0x7000), (4, 0, 0)]
            as [(UInt32, UInt64, UInt64)]
        {
            recipe.dependency = dependency
            world.task(recipe)
        }
        recipe.records = [(5, [1, object, 0x7000])]
        world.task(recipe)
        recipe.records = [(5, [1, 0, 0])]
        world.task(recipe)
        let tasks = world.state().tasks.map(\.record)
        let place = Address(object)
        #expect(
            tasks.map(\.wait) == [
                .actor(place, type: nil), .executor(place, type: nil), .globalExecutor,
                .executor(place, type: nil), .globalExecutor,
            ])
        #expect(tasks[3].flags == [.hasExecutorPreference])
        #expect(tasks[4].flags == [.immediate])
    }
}
