import AttachReport
import Testing

@testable import AttachCore

/// The small parts of the room, each by itself.
struct RuntimePartsTests {
    @Test func wordsAreFoundWhereverTheyStand() {
        var builder = MemoryBuilder()
        let wanted: UInt64 = 0x7f12_3456_89ab
        for index in 0..<5000 as Range<UInt64> {
            let isHit = index % 3 == 0
            // The others share the lower half, or carry it in the upper one.
            let other = index % 3 == 1 ? wanted ^ (1 << 40) : wanted << 32
            builder.put(0x5008 + index * 8, isHit ? wanted : other)
        }
        var found: [UInt64] = []
        let memory = builder.memory()
        withExtendedLifetime(memory) {
            for segment in memory.segments {
                WordSearch.each(wanted, in: segment) { address in
                    found.append(address)
                    return true
                }
            }
        }
        let expected: [UInt64] = stride(from: UInt64(0), to: 5000, by: 3).map { 0x5008 + $0 * 8 }
        #expect(found == expected)
    }

    @Test func aSearchStopsWhenAsked() {
        var builder = MemoryBuilder()
        builder.put(0x1000, 7, 7, 7)
        var count = 0
        let memory = builder.memory()
        withExtendedLifetime(memory) {
            for segment in memory.segments {
                WordSearch.each(7, in: segment) { _ in
                    count += 1
                    return count < 2
                }
            }
        }
        #expect(count == 2)
    }

    @Test func aWalkRemembersNearAndFar() {
        for length in [1, 5, 24, 25, 1000] as [UInt64] {
            var walk = BoundedWalk(limit: 2000)
            for address in 1...length { #expect(walk.step(to: address) == nil) }
            #expect(walk.step(to: 1) == .cycle)
            walk.restart()
            #expect(walk.step(to: 1) == nil)
        }
        var walk = BoundedWalk(limit: 3)
        #expect([1, 2, 3, 4].map { walk.step(to: $0) } == [nil, nil, nil, .limit])
        var all = BoundedWalk(limit: 3, total: 5)
        #expect([1, 2, 3].map { all.step(to: $0) } == [nil, nil, nil])
        all.restart()
        #expect([1, 2, 3].map { all.step(to: $0) } == [nil, nil, .exhausted])
        all.restart()
        #expect(all.step(to: 1) == .exhausted)
    }

    @Test func anIndexFindsWhatIsInIt() {
        let addresses = (1...3000).map { UInt64($0) * 0x1_0000_0010 }
        let index = AddressIndex(addresses)
        #expect(addresses.indices.allSatisfy { index[addresses[$0]] == $0 })
        #expect(index[0] == nil)
        #expect(index[addresses[0] + 16] == nil)
        #expect(AddressIndex([UInt64]())[5] == nil)
    }

    @Test(
        arguments: [
            (1, 208, true, ["6.1-6.3"]), (1, nil, true, ["6.1-6.3", "6.1-6.3"]),
            (1, 200, true, []), (2, 224, true, ["after 6.3", "after 6.3"]), (3, nil, true, []),
            (9, 208, true, []), (nil, nil, false, ["6.1-6.3", "5.7-6.0", "6.1-6.3"]),
        ] as [(UInt32?, UInt64?, Bool, [String])])
    func layoutsAreOfferedByWhatTheRuntimeSays(
        version: UInt32?, size: UInt64?, speaks: Bool, versions: [String]
    ) {
        let offered = RuntimeLayout.candidates(
            version: version, size: size, speaks: speaks, hasTaskExecutors: true)
        #expect(offered.map(\.versions) == versions)
    }

    @Test(arguments: [nil, 192] as [UInt64?])
    func ofTheOldOnesThoseWithTaskExecutorsAreNew(size: UInt64?) {
        for (hasTaskExecutors, versions) in [(true, "6.0"), (false, "5.7-5.10")] {
            let offered = RuntimeLayout.candidates(
                version: nil, size: size, speaks: true, hasTaskExecutors: hasTaskExecutors)
            #expect(offered.map(\.versions) == [versions])
        }
    }

    @Test(
        arguments: [
            ("$sScTss5NeverORszABRs_rlE5yieldyyYaFZTQ1_", .yield),
            ("$sScTss5NeverORszABRs_rlE5sleep11nanosecondsys6UInt64V_tYaKFZTQ1_", .sleep),
            ("$sScS8_StorageC4nextxSgyYaFTQ0_", .stream),
            ("$s4main5sleepyyYaFTQ0_", nil), ("", nil),
        ] as [(String, Wait?)])
    func libraryFunctionsTellTheWait(symbol: String, wait: Wait?) {
        #expect(LibraryKnowledge.wait(of: symbol) == wait)
    }

    @Test(
        arguments: [
            ("thunk for @escaping @callee_guaranteed @async () -> (@out A)", true),
            ("partial apply for specialized thunk for @escaping @async () -> ()", true),
            ("partial apply for closure #1 in start()", false), ("thunk for spoons()", false),
        ])
    func reabstractionThunksAreKnownByName(name: String, isThunk: Bool) {
        #expect(EntryPoints.isThunk(name) == isThunk)
    }

    @Test func aThunkTellsWhatItWraps() {
        var builder = MemoryBuilder()
        // Of a generic thunk: the type stands before the function.
        builder.put(0x2000, 0x1111, 3, 0x3000, 0x4000, 0x5000)
        builder.put(0x3000, 0x30)
        builder.putRelative(0x4000, to: RuntimeWorld.code + 8)
        builder.put(0x6000, 0x1111, 3, 0x6000, 0x2000, 0)
        var reader = WordReader(builder.memory())
        let entry = EntryPoint(function: 1, closure: 0x2000)
        let wrapped = entry.wrapped(&reader, RuntimeWorld.ranges)
        #expect(wrapped?.function == RuntimeWorld.code + 8)
        #expect(wrapped?.closure == 0x5000)
        for closure in [0, 0x6000, 0x2001, .max - 7] as [UInt64] {
            let other = EntryPoint(function: 1, closure: closure)
            #expect(other.wrapped(&reader, RuntimeWorld.ranges) == nil)
        }
    }

    @Test func namesOfTypesAreRead() {
        var builder = MemoryBuilder()
        func descriptor(_ place: UInt64, _ flags: UInt32, parent: UInt64, _ name: String) {
            builder.put32(place, flags)
            if parent == 0 {
                builder.put32(place + 4, 0)
            } else {
                builder.putRelative(place + 4, to: parent)
            }
            builder.putRelative(place + 8, to: place + 0x80)
            builder.put32(place + 12, 0)
            builder.put(place + 0x80, string: name)
        }
        descriptor(0x1000, 0, parent: 0, "Bank")
        descriptor(0x2000, 17, parent: 0x1000, "Account")
        descriptor(0x3000, 17 | 0x80, parent: 0x2000, "Boxed")
        builder.put(0x3000 + 28 + 4, 0)
        builder.put32(0x3000 + 28, 0)
        builder.put32(0x3000 + 36, 1)
        // struct Account, and Account.Boxed<Account>
        builder.put(0x4000, 0x200, 0x2000)
        builder.put(0x5000, 0x200, 0x3000, 0x4000)
        // A type that is its own argument.
        builder.put(0x6000, 0x200, 0x3000, 0x6000)
        // A tuple of both, and of far too many.
        builder.put(0x7000, 0x301, 2, 0, 0x4000, 0, 0x5000, 8)
        builder.put(0x8000, 0x301, 1 << 40, 0)
        // A type inside itself.
        descriptor(0x9000, 17, parent: 0x9000, "Loop")
        builder.put(0xa000, 0x200, 0x9000)
        var reader = WordReader(builder.memory())
        var types = TypeReader()
        #expect(types.name(0x4000, &reader) == "Account")
        #expect(types.name(0x5000, &reader) == "Account.Boxed<Account>")
        #expect(types.name(0x7000, &reader) == "(Account, Account.Boxed<Account>)")
        #expect(types.name(0x8000, &reader) == nil)
        #expect(types.name(0xa000, &reader) == "Loop")
        #expect(types.name(0xb000, &reader) == nil)
        #expect(types.name(0x6000, &reader)?.contains("Boxed") == true)
    }

    @Test func theThreadSaysWhatItRuns() throws {
        var builder = MemoryBuilder()
        let pointer: UInt64 = 0x7f00_0010_0000
        let stack: UInt64 = 0x7f00_0000_8000
        builder.put(stack, 0, 0, 0, 0)
        for offset in stride(from: UInt64(8), through: 0x400, by: 8) {
            builder.put(pointer - offset, 0)
        }
        builder.put(pointer, 0, 0, 0)
        var words = [UInt64](repeating: 0, count: 27)
        words[19] = stack
        words[21] = pointer
        let registers = try #require(RegisterSet(architecture: .x86_64, words: words))
        var reader = WordReader(builder.memory())
        let current = CurrentTasks(
            RuntimeWorld.target(builder.memory()), location: RuntimeWorld.location,
            reader: &reader)
        let running = { (address: UInt64) -> Int? in address == 0x1230 ? 5 : nil }
        func task() -> Int? {
            var reader = WordReader(builder.memory())
            return current.claim(of: registers, reader: &reader, running: running)?.task
        }
        #expect(task() == nil)
        builder.put(pointer - 0x100, 0x1230, 0x99)
        #expect(task() == nil, "the second word is no place on the stack")
        builder.put(pointer - 0x100, 0x1230, stack + 16)
        #expect(task() == 5)
        // The same in a block of a module that was loaded later.
        builder.put(pointer - 0x100, 0, 0)
        builder.put(pointer + 8, 0x9010)
        builder.put(0x9000, 2, 0, 1, 0, .max, 0, 0xa000, 0)
        builder.put(0xa000, 0, 0x1230, stack + 8, 0)
        #expect(task() == 5)
    }

    /// A stack of a leaf, an async function and the runtime's call of it.
    @Test(
        arguments: [
            [0x4d, 0x8b, 0x77, 0x40, 0x41, 0xff, 0x57, 0x38],
            [0x4c, 0x8b, 0x73, 0x40, 0xff, 0x53, 0x38],
            [0x4d, 0x8b, 0x74, 0x24, 0x40, 0x41, 0xff, 0x54, 0x24, 0x38],
        ] as [[UInt64]])
    func theAsyncFrameIsTheOneThatTheRuntimeCalled(call: [UInt64]) throws {
        var world = RuntimeWorld()
        var recipe = RuntimeWorld.Recipe()
        recipe.status = 0x815
        recipe.voucher = .max
        recipe.dependency = nil
        let parts = world.task(recipe)
        let returns = RuntimeWorld.code + 0x600
        world.builder.put(returns - 16, 0, 0, 0)
        for (index, byte) in call.enumerated() {
            let place = returns - UInt64(call.count - index)
            let word = world.builder.words[place & ~7] ?? 0
            world.builder.put(place & ~7, word | byte << ((place & 7) * 8))
        }
        let frames = [0x6000, 0x5000, 0x600, 0x700].enumerated().map { index, offset in
            NativeFrame(
                address: CodeAddress(
                    address: Address(RuntimeWorld.code + offset),
                    kind: index == 0 ? .programCounter : .returnAddress),
                canonicalFrameAddress: .null, framePointer: 0,
                // The leaf has lost the register, and the runtime's frame still shows it.
                asyncContext: index == 0 ? 1 : parts.contexts[0])
        }
        let thread = CapturedThread(
            id: 7, namespaceID: nil, name: "", state: .running, registers: nil, systemCall: nil)
        let state = world.state(
            threads: [thread], stacks: [7: NativeStack(frames: frames)])
        let task = try #require(state.tasks.first)
        #expect(state.gaps.isEmpty)
        #expect(task.record.state == .running)
        #expect(task.record.thread == 7)
        #expect(task.nativeFrameCount == 2)
        #expect(task.resumePoints.map(\.address.value) == recipe.frames)
    }
}
