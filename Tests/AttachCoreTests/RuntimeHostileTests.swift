import AttachReport
import Testing

@testable import AttachCore

/// Memory that lies: every walk ends, nothing is invented, and what is missing is said.
struct RuntimeHostileTests {
    @Test func contextsThatLeadBackAreCut() throws {
        var world = RuntimeWorld()
        let parts = world.task()
        world.builder.put(parts.contexts[1], parts.contexts[0])
        let state = world.state()
        let task = try #require(state.tasks.first)
        #expect(task.stoppedBecause?.contains("lead back") == true)
        #expect(task.resumePoints.count == 2)
        #expect(state.gaps.map(\.reason) == [.cycle])
    }

    @Test func aContextThatIsItsOwnParentIsCut() throws {
        var world = RuntimeWorld()
        let parts = world.task()
        world.builder.put(parts.contexts[0], parts.contexts[0])
        #expect(world.state().gaps.map(\.reason) == [.cycle])
    }

    @Test(arguments: [0x9999_0000, 0x3, UInt64.max & ~15])
    func aContextThatIsNotThereIsSaid(parent: UInt64) throws {
        var world = RuntimeWorld()
        world.task()
        let parts = world.task()
        world.builder.put(parts.contexts[1], parent)
        let state = world.state()
        #expect(state.tasks.last?.stoppedBecause?.contains("could not be read") == true)
        #expect(state.gaps.map(\.reason) == [.unmapped])
    }

    @Test func aContextWithoutCodeIsSaid() throws {
        var world = RuntimeWorld()
        let parts = world.task()
        world.builder.put(parts.contexts[1] + 8, 0x4141_4141)
        #expect(world.state().tasks.first?.stoppedBecause?.contains("names no code") == true)
    }

    @Test func deepStacksKeepBothEnds() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.frames = (0..<10_000).map { RuntimeWorld.code + 0x1000 + UInt64($0) }
        world.task(recipe)
        let task = try #require(world.state().tasks.first)
        let kept = ContextChain.keptInner + ContextChain.keptOuter
        #expect(task.stoppedBecause == nil)
        #expect(task.resumePoints.count == kept + 1)
        #expect(
            task.resumePoints[ContextChain.keptInner].kind == .omitted(10_000 - kept))
        #expect(task.resumePoints.last?.address.value == recipe.frames.last)
        #expect(
            task.resumePoints[ContextChain.keptInner + 1].address.value
                == recipe.frames[10_000 - ContextChain.keptOuter])
    }

    /// Each task alone is within bounds; all together they would keep us for hours.
    @Test(.timeLimit(.minutes(15)))
    func contextsThatTasksShareAreNotFollowedForEver() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.frames = (0..<20_000).map { _ in RuntimeWorld.code + 0x1000 }
        let long = world.task(recipe)
        for _ in 0..<2_000 {
            let parts = world.task()
            world.builder.put(parts.contexts[0], long.contexts[0])
        }
        let state = world.state()
        #expect(state.tasks.count == 2_001)
        #expect(state.tasks.first?.stoppedBecause == nil)
        #expect(state.tasks.last?.stoppedBecause?.contains("more contexts than fit") == true)
        #expect(state.gaps.contains { $0.reason == .limit })
    }

    @Test(.timeLimit(.minutes(15)))
    func recordsThatTasksShareAreNotReadForEver() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.records = (0..<20_000).map { _ in (2, [0]) }
        let long = world.task(recipe)
        var short = RuntimeWorld.Recipe()
        short.records = [(9, [])]
        for _ in 0..<2_000 {
            let parts = world.task(short)
            world.builder.put(parts.records[0] + 8, long.records[0])
        }
        let state = world.state()
        #expect(state.tasks.count == 2_001)
        #expect(state.groups.count < 1_000_000)
        #expect(state.gaps.contains { $0.reason == .limit })
    }

    @Test func aNameWithoutEndIsCut() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.name = String(repeating: "é", count: 100_000)
        world.task(recipe)
        let state = world.state()
        #expect(
            state.tasks.first?.record.name == String(repeating: "é", count: 512) + "…")
        #expect(state.gaps.map(\.reason) == [.limit])
    }

    @Test func recordsThatLeadBackAreCut() throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.records = [(77, []), (6, [0x7777_0000]), (3, [1, 2])]
        let parts = world.task(recipe)
        world.builder.put(parts.records[2] + 8, parts.records[0])
        let state = world.state()
        #expect(state.tasks.first?.record.wait == .continuation)
        #expect(Set(state.gaps.map(\.reason)) == [.cycle, .unmapped])
    }

    @Test func childrenThatLeadBackAreCut() throws {
        var world = RuntimeWorld()
        let group = world.room(192)
        var recipe = RuntimeWorld.Recipe()
        recipe.records = [(9, [])]
        let parent = world.task(recipe)
        var child = RuntimeWorld.Recipe()
        child.flags |= 1 << 24 | 1 << 26
        child.parent = parent.task
        child.group = group
        let only = world.task(child)
        world.builder.put(only.task + 208 + 8, only.task)
        world.builder.put(group, 0, 2, 0, only.task, only.task)
        world.builder.put(group + 80, 1)
        world.builder.put(parent.records[0] + 8, group + 8)
        let state = world.state()
        #expect(state.tasks[0].record.children == [2])
        #expect(state.gaps.map(\.reason) == [.cycle])
    }

    @Test(
        arguments: [
            (8, 0x1_0000_0003, "destroyed"), (8, 0, "never counted"), (8, 1 << 63, "slow"),
            (40, 5, "voucher"), (56, 0x41, "no code"), (152, 0x16, "no priority"),
            (104, 0x7, "misaligned records"), (104, 0x7777_0000, "unmapped records"),
            (216, 0x5555_0000, "no type"),
        ] as [(UInt64, UInt64, String)])
    func whatIsNoTaskIsRejected(offset: UInt64, word: UInt64, why: String) {
        var world = RuntimeWorld()
        world.task()
        let parts = world.task()
        world.task()
        world.builder.put(parts.task + offset, word)
        let state = world.state()
        #expect(state.tasks.map(\.record.id) == [1, 3], "\(why)")
        #expect(state.rejected == 1)
    }

    /// Memory is copied in pieces: a task may lie in two of them.
    @Test(arguments: (1...38).map { UInt64($0) * 8 })
    func aTaskAcrossASeamIsOne(offset: UInt64) {
        var world = RuntimeWorld()
        let first = world.task()
        world.task()
        world.builder.seams = [first.task + offset]
        let state = world.state()
        #expect(state.tasks.map(\.record.id) == [1, 2])
        #expect(state.tasks.first?.resumePoints == state.tasks.last?.resumePoints)
    }

    @Test func aTypeOfAbsurdSizeIsNone() {
        var world = RuntimeWorld()
        world.task()
        world.builder.put(0x30_0100 + 64, UInt64.max - 7, UInt64.max)
        let state = world.state()
        #expect(state.tasks.isEmpty)
        #expect(state.gaps.map(\.reason) == [.unknownLayout])
    }

    /// Whatever word is replaced by whatever: there is an answer, and it ends.
    @Test func everyWordMayLie() {
        var world = RuntimeWorld()
        let group = world.room(192)
        var recipe = RuntimeWorld.Recipe()
        recipe.name = "name"
        recipe.records = [(1, [0x100_0000, 0]), (5, [1, 0x30_0100, 0])]
        let parent = world.task(recipe)
        var child = RuntimeWorld.Recipe()
        child.flags |= 1 << 24 | 1 << 26
        child.parent = parent.task
        child.group = group
        let only = world.task(child)
        world.builder.put(group, 0, 2, 0, only.task, only.task, 0, 0, 0, 0, 0, 1)
        world.builder.put(parent.records[1] + 8, group + 8)
        world.task()
        let words = world.builder.words.keys.sorted()
        for address in words {
            guard let old = world.builder.words[address] else { continue }
            for new in [0, address, .max, old ^ 0x8000_0000, old &+ 16, parent.task] {
                var torn = world
                torn.builder.put(address, new)
                let state = torn.state()
                #expect(state.tasks.count <= 3)
            }
        }
    }
}
