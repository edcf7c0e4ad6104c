import AttachReport
import Testing

@testable import AttachCore

/// The list of living tasks that runtimes after 6.3 keep, laid out word by word after their
/// sources.
struct TaskRegistryTests {
    /// Tasks, and a list of some of them in pieces.
    private struct World {
        static let layout = RuntimeLayout.unreleased(taskSize: 224)[0]
        static let registry: UInt64 = 0x40_0000
        var world = RuntimeWorld()

        init() {
            for offset in stride(from: UInt64(0), to: 64 * 64, by: 8) {
                world.builder.put(Self.registry + offset, 0)
            }
        }

        mutating func task() -> UInt64 { world.task(RuntimeWorld.Recipe(), Self.layout).task }

        /// Puts addresses into a piece, first one first.
        mutating func list(_ tasks: [UInt64], in piece: UInt64) {
            var link = Self.registry + piece * 64
            for task in tasks {
                world.builder.put(link, task)
                link = task + 168
            }
        }

        func state(hasRegistry: Bool = true) -> RuntimeState {
            var location = RuntimeWorld.location
            location.layoutVersion = 2
            location.taskSize = 224
            location.registry = hasRegistry ? Self.registry : nil
            return world.state(location)
        }

        func ids(hasRegistry: Bool = true) -> [UInt64] {
            state(hasRegistry: hasRegistry).tasks.map(\.record.id)
        }
    }

    /// What stands in memory that the target cannot write is not searched.
    @Test func aTaskThatTheSearchDoesNotFindIsFound() {
        var world = World()
        let tasks = (0..<6).map { _ in world.task() }
        world.world.builder.constants = [tasks[1], tasks[4]]
        world.list([tasks[0], tasks[1], tasks[2]], in: 0)
        world.list([tasks[4], tasks[3]], in: 63)
        #expect(world.ids(hasRegistry: false) == [1, 3, 4, 6])
        #expect(world.ids() == [1, 2, 3, 4, 5, 6])
        #expect(world.state().gaps.isEmpty)
    }

    /// A process may have switched the list off.
    @Test func anEmptyListChangesNothing() {
        var world = World()
        for _ in 0..<3 { _ = world.task() }
        #expect(world.ids() == [1, 2, 3])
        #expect(world.state().gaps.isEmpty)
    }

    @Test(arguments: [0, 1, 2])
    func aListThatLeadsBackIntoItselfEnds(to index: Int) {
        var world = World()
        let tasks = (0..<3).map { _ in world.task() }
        world.list(tasks + [tasks[index]], in: 5)
        world.list([tasks[2], tasks[0]], in: 6)
        #expect(world.ids() == [1, 2, 3])
    }

    /// Nothing in the list is believed that would not be believed where the search found it.
    @Test(arguments: [1, 8, 0xdead_beef, 0x40_0000, UInt64.max, UInt64.max - 7] as [UInt64])
    func whatIsNoTaskEndsAPiece(_ address: UInt64) {
        var world = World()
        let tasks = (0..<3).map { _ in world.task() }
        world.list([tasks[0], tasks[1]], in: 1)
        world.world.builder.put(tasks[1] + 168, address)
        world.world.builder.put(World.registry + 2 * 64, address)
        world.world.builder.put(World.registry + 3 * 64, tasks[0] + 16)
        let state = world.state()
        #expect(state.tasks.map(\.record.id) == [1, 2, 3])
        #expect(state.rejected == 0)
    }

    @Test(arguments: [0, 0x1000, UInt64.max - 4095, UInt64.max] as [UInt64])
    func aRegistryThatIsNotThereChangesNothing(at address: UInt64) {
        var world = World()
        for _ in 0..<3 { _ = world.task() }
        var location = RuntimeWorld.location
        (location.layoutVersion, location.taskSize, location.registry) = (2, 224, address)
        #expect(world.world.state(location).tasks.map(\.record.id) == [1, 2, 3])
    }
}
