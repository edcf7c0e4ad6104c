import AttachReport
import Testing

@testable import AttachCore

/// What the kernel writes, and what a hostile process makes it write.
struct ProcessTextTests {
    @Test func aMapsLineIsRead() throws {
        let text =
            "7f00-7f80 rw-p 00001000 fd:01 1234                       /usr/lib/a b (deleted)\n"
        let mapping = try #require(Mapping.parse(Array(text.utf8)).first)
        #expect(mapping.start == 0x7f00)
        #expect(mapping.end == 0x7f80)
        #expect(mapping.isReadable && mapping.isWritable && !mapping.isExecutable)
        #expect(!mapping.isShared)
        #expect(mapping.fileOffset == 0x1000)
        #expect(mapping.device == 0xfd << 32 | 1)
        #expect(mapping.inode == 1234)
        #expect(mapping.path == "/usr/lib/a b (deleted)")
    }

    @Test func anonymousMemoryHasNoPath() throws {
        let mapping = try #require(
            Mapping.parse(Array("1000-2000 ---p 00000000 00:00 0 \n".utf8)).first)
        #expect(mapping.path.isEmpty)
        #expect(!mapping.isFile)
    }

    @Test(arguments: [
        "", "\n\n", "garbage", "7f00-", "7f00-7f80", "7f80-7f00 rw-p 0 0:0 0",
        "ffffffffffffffffff-1 rw-p 0 0:0 0", "1-2 rw", "1-2 rw-p 0 0:0", "1-2 rw\n-p 0 0:0 0",
    ])
    func aLineThatMakesNoSenseIsLeftOut(_ line: String) {
        #expect(Mapping.parse(Array(line.utf8)).isEmpty)
    }

    @Test func theLinesAroundABadOneAreKept() {
        let text = "1000-2000 rw-p 0 0:0 0\nnonsense\n3000-4000 rw-p 0 0:0 0"
        #expect(Mapping.parse(Array(text.utf8)).map(\.start) == [0x1000, 0x3000])
    }

    @Test(arguments: ["plain", "with ) paren", ") R 1 (", "a b c", "\u{1b}[31m"])
    func aThreadNameMayHoldAnything(_ name: String) throws {
        let rest = (0..<50).map { _ in "7" }.joined(separator: " ")
        let stat = try #require(ThreadStat(Array("42 (\(name)) S \(rest)\n".utf8)))
        #expect(stat.name == name)
        #expect(stat.recordState == .sleeping)
        #expect(stat.startTime == 7)
    }

    @Test(arguments: ["", "42", "42 (x", "42 x) S", "42 (x) ", "42 (x) S 1 2 3"])
    func aCutStatLineIsNone(_ text: String) {
        #expect(ThreadStat(Array(text.utf8)) == nil)
    }

    @Test func statusFieldsAreFound() {
        let status = ProcessStatus(
            "Name:\tx\nUid:\t1000\t1001\t1000\t1000\nTracerPid:\t77\nNSpid:\t4242\t17\t1\n"
                + "Seccomp:\t2\nCapPrm:\t00000000000000ff\nCapEff:\t0000000000080000\n")
        #expect(status.effectiveUser == 1001)
        #expect(status.tracer == 77)
        #expect(status.namespaceIDs == [4242, 17, 1])
        #expect(status.permittedCapabilities == 0xff)
        #expect(status.effectiveCapabilities == 1 << 19)
    }

    @Test func rangesAndMappingsHaveInCommonWhatBothHold() {
        func mapping(_ start: UInt64, _ end: UInt64) -> Mapping {
            Mapping(
                start: start, end: end, isReadable: true, isWritable: true, isExecutable: false,
                isShared: false, fileOffset: 0, device: 0, inode: 0, path: "")
        }
        let common = ResidentPages.intersect(
            [0..<10, 12..<30, 40..<50], [mapping(5, 8), mapping(8, 14), mapping(20, 45)])
        #expect(common == [5..<10, 12..<14, 20..<30, 40..<45])
    }
}
