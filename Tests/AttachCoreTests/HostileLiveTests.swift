import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Processes that have very much of something: a look at them ends soon, and they stand for no
/// longer than it takes to copy them.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct HostileLiveTests {
    @Test func thousandsOfThreadsAreStoppedAndReadAtOnce() throws {
        let fixture = try Fixture("Hostile", ["threads", "9000"])
        let start = Clock.monotonic()
        let capture = try LiveCapture.take(pid: fixture.pid)
        #expect(Clock.monotonic() - start < 10_000_000_000)
        #expect(capture.gaps.isEmpty)
        #expect(capture.threads.count == 9002)
        #expect(capture.threads.allSatisfy { $0.registers != nil })
        #expect(fixture.child.statusField("TracerPid") == "0")
    }

    @Test func theMembersOfEpollsAreNotReadWhileTheProcessStands() throws {
        var fixture = try Fixture("Hostile", ["epolls", "100", "2500"])
        _ = try fixture.ask("reset")
        let capture = try LiveCapture.take(pid: fixture.pid)
        #expect(
            capture.kernelReferences?.incompleteBecause
                == "its epolls have too many members to be read")
        let gap = try #require(try fixture.ask("gap")["gap"] as? Int64)
        #expect(gap < 500_000_000)
    }

    @Test func fewMembersOfEpollsAreReadWhole() throws {
        let fixture = try Fixture("Hostile", ["epolls", "2", "100"])
        let capture = try LiveCapture.take(pid: fixture.pid)
        let references = try #require(capture.kernelReferences)
        #expect(references.incompleteBecause == nil)
        // Small numbers, and so no addresses.
        #expect(references.words.isEmpty)
    }

    private let mappings = [
        Mapping(
            start: 0x1000, end: 0x3000, isReadable: true, isWritable: true, isExecutable: false,
            isShared: false, fileOffset: 0, device: 0, inode: 0, path: ""),
        Mapping(
            start: 0x3000, end: 0x4000, isReadable: true, isWritable: false, isExecutable: false,
            isShared: false, fileOffset: 0, device: 0, inode: 0, path: ""),
    ]

    @Test func onlyWhatMayBeAnAddressCounts() {
        let words = EpollWords(words: [
            0, 0xff0, 0x1000, 0x2ff8, 0x3000, .max, 0xff00_0000_0000_2001,
        ])
        #expect(words.addresses(in: mappings) == [0x1000, 0x2ff8, 0xff00_0000_0000_2001])
    }

    @Test func whatWasThereAtEitherTimeMayHaveBeenThereInBetween() {
        var references = KernelReferences(words: [7])
        references.add(
            EpollWords(words: [0x1000, 5]), EpollWords(words: [0x2000, 6]), in: mappings)
        #expect(references.words == [7, 0x1000, 0x2000])
        #expect(
            references.incompleteBecause
                == "what its epolls wait for changed while it was being stopped")
    }

    @Test func numbersThatComeAndGoChangeNothing() {
        var references = KernelReferences()
        references.add(
            EpollWords(words: [0x1000, 5]), EpollWords(words: [0x1000, 6]), in: mappings)
        #expect(references.words == [0x1000])
        #expect(references.incompleteBecause == nil)
        references.add(
            EpollWords(words: [], incompleteBecause: "no"), EpollWords(words: []), in: mappings)
        #expect(references.incompleteBecause == "no")
    }
}
