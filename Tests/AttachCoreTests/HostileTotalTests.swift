import Glibc
import Testing

@testable import AttachCore

/// Limits that hold for everything together, however little each thing takes.
struct HostileTotalTests {
    // MARK: Slabs of tasks

    /// How many of these slabs, one behind the other, a walk takes for one task.
    private func follow(_ slabs: [UInt64], bytes: UInt64 = 64, _ walk: inout SlabWalk) -> Int {
        walk.restart()
        var count = 0
        for slab in slabs {
            guard walk.step(to: slab, bytes: bytes) else { break }
            count += 1
        }
        return count
    }

    @Test func aListThatTasksShareIsFollowedOnce() {
        var walk = SlabWalk(tasks: 3, bytes: .max)
        let list = (1...20).map { UInt64($0) * 64 }
        let counts = [list, list, list.map { $0 << 20 }].map { follow($0, &walk) }
        #expect(counts == [20, 8, 20])
    }

    @Test func aListThatLeadsIntoItselfEnds() {
        var walk = SlabWalk(tasks: 1, bytes: .max)
        let count = follow((0..<1000).map { UInt64($0 % 50) * 64 + 64 }, &walk)
        #expect(count < 100)
    }

    @Test func slabsHoldNoMoreThanThereIs() {
        var walk = SlabWalk(tasks: 3, bytes: 1000)
        #expect(follow([64, 128], bytes: 600, &walk) == 1)
        #expect(follow([256], bytes: 400, &walk) == 1)
        #expect(follow([512], bytes: 1, &walk) == 0)
    }

    // MARK: Packed symbols

    @Test func whatAllFilesUnpackHasATotal() throws {
        let packed = try program()
        let budget = UnpackingBudget(150_000)
        let first = try ELFFile(ImageBytes(copying: packed), budget: budget)
        #expect(first.miniDebugFile != nil)
        #expect(!first.isOverBudget)
        #expect(budget.remaining < 150_000)
        var last = first
        for _ in 0..<100 where !last.isOverBudget {
            last = try ELFFile(ImageBytes(copying: packed), budget: budget)
            _ = last.miniDebugFile
        }
        #expect(last.isOverBudget)
        #expect(last.miniDebugFile == nil)
        #expect(budget.remaining == 0)
    }

    /// A program with its symbols packed in it.
    private func program() throws -> [UInt8] {
        let program = try BuiltProgram()
        let mini = program.folder + "/mini"
        try program.run("/usr/bin/objcopy", ["-S", "-K", "wait_here", program.whole, mini])
        try program.run("/usr/bin/xz", [mini])
        try program.run("/usr/bin/strip", [program.path])
        try program.run(
            "/usr/bin/objcopy", ["--add-section", ".gnu_debugdata=\(mini).xz", program.path])
        return OwnProcess.bytes(program.path)
    }

    // MARK: Symbols at the top

    @Test func theLastAddressOfAllHasASymbol() throws {
        let file = try ELFFile(ImageBytes(copying: TopOfMemory.file))
        let table = try #require(SymbolTable.tables(of: file).first)
        let found = FunctionSymbols([.max, .max - 1], in: [table]).found
        #expect(found[.max - 1]?.name == "top")
        #expect(found[.max]?.name == "top")
        #expect(file.functionIndex.range(containing: .max, of: file) == nil)
    }
}

/// A file with one function, without a size, in a section that ends where the address space does.
private enum TopOfMemory {
    static let file: [UInt8] = {
        let base = UInt64.max - 4095
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        func put(_ values: [(UInt64, Int)]) {
            for (value, size) in values {
                bytes += (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
            }
        }
        // Elf64_Ehdr, four of Elf64_Shdr, two of Elf64_Sym, and the names.
        put([
            (3, 2), (62, 2), (1, 4), (0, 8), (0, 8), (64, 8), (0, 4), (64, 2), (56, 2), (0, 2),
            (64, 2), (4, 2), (0, 2),
        ])
        func section(
            _ type: UInt64, _ flags: UInt64, _ address: UInt64, _ offset: UInt64, _ size: UInt64,
            _ link: UInt64, _ entry: UInt64
        ) {
            put([
                (0, 4), (type, 4), (flags, 8), (address, 8), (offset, 8), (size, 8), (link, 4),
                (0, 4), (0, 8), (entry, 8),
            ])
        }
        section(0, 0, 0, 0, 0, 0, 0)
        section(1, 6, base, 0, 4096, 0, 0)
        section(2, 0, 0, 320, 48, 3, 24)
        section(3, 0, 0, 368, 5, 0, 0)
        put([(0, 8), (0, 8), (0, 8), (1, 4), (0x12, 1), (0, 1), (1, 2), (base, 8), (0, 8)])
        return bytes + [0] + Array("top".utf8) + [0]
    }()
}
