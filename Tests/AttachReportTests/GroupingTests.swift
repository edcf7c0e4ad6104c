import Testing

@testable import AttachReport

@Suite struct GroupingTests {
    @Test(arguments: [10_000, 100_000])
    func equalStacksThatShareStorageAreHashedOnce(count: Int) {
        let tasks = Stories.sleepers(count).snapshot.tasks
        let grouping = TaskGrouping(tasks)
        #expect(grouping.groups.map(\.members.count) == [count])
        #expect(grouping.stacksHashed == 1)
    }

    @Test func equalStacksInDifferentStorageAreOneGroup() {
        let tasks = Stories.sleepers(1_000, sharingFrames: false).snapshot.tasks
        let grouping = TaskGrouping(tasks)
        #expect(grouping.groups.count == 1)
        #expect(grouping.stacksHashed == 1_000)
    }

    /// As many groups as tasks is the worst that can happen; the work must not grow faster than
    /// the number of tasks. Every stack is then hashed exactly once.
    @Test(arguments: [1_000, 10_000])
    func differentStacksAreHashedOnceEach(count: Int) {
        let tasks = (1...UInt64(count)).map { id in
            task(id).sleeps().stands(
                on: [Frame(kind: .asyncResumePoint, address: Address(id * 64))]
            ).record
        }
        let grouping = TaskGrouping(tasks)
        #expect(grouping.groups.count == count)
        #expect(grouping.stacksHashed == count)
    }

    @Test func whatDiffersIsNotJoined() {
        let base = task(1).sleeps().at("f() a.swift:1")
        let others = [
            base, base.at("f() a.swift:2"), base.cancelled(), base.waitsForContinuation(),
            base.queued(on: "Bank"), base.queued(on: "Other"), base.runs(on: 1),
            base.neverStarted(), base.finished(), base.finished(throwing: nil),
            base.finished(throwing: "Boom"),
        ]
        #expect(TaskGrouping(others.map(\.record)).groups.count == others.count)
        #expect(TaskGrouping((others + others).map(\.record)).groups.count == others.count)
    }

    /// Addresses alone do not make two stacks equal: one may have been cut short, or inlined.
    @Test func framesAreComparedWhole() {
        let address = Address(64)
        let stacks: [[Frame]] = [
            [Frame(kind: .asyncResumePoint, address: address)],
            [Frame(kind: .returnAddress, address: address)],
            [Frame(kind: .asyncResumePoint, address: address, function: "f()")],
            [Frame(kind: .stopped("here"))], [Frame(kind: .stopped("there"))], [],
        ]
        var table = StackTable()
        #expect(stacks.map { table.number(of: $0) } == Array(stacks.indices))
        #expect(stacks.map { table.number(of: $0) } == Array(stacks.indices))
    }

    @Test func threadsThatRunTasksStandAlone() {
        let idle = thread(10).sits(in: "futex").at("wait libc.so.6")
        let page = rendered(
            report(threads: [
                idle, thread(11).sits(in: "futex").at("wait libc.so.6"),
                thread(12).sits(in: "futex").at("wait libc.so.6").runs(task: 7),
                thread(13).sits(in: "futex").at("wait libc.so.6"),
            ]))
        #expect(page.contains("  10 11 13  3 threads \"worker\""))
        #expect(page.contains("  12 \"worker\""))
    }
}

@Suite struct IDListTests {
    @Test(
        arguments: [
            ([], ""), ([7], "7"), ([7, 8], "7 8"), ([7, 8, 9], "7-9"), ([9, 7, 8, 7], "7-9"),
            ([1, 3, 5, 7, 9, 11, 13, 14], "1 3 5 7 9 11 … and 2 more"),
            ([UInt64.max, UInt64.max - 1, 0], "0 18446744073709551614 18446744073709551615"),
        ] as [([UInt64], String)])
    func words(numbers: [UInt64], text: String) {
        #expect(IDList(numbers).text().string == text)
        #expect(IDList(numbers).count == Set(numbers).count)
    }

    @Test func completeListsLeaveNothingOut() {
        let odd = (0..<20).map { UInt64($0 * 2) }
        #expect(IDList(odd).text(complete: true).string.split(separator: " ").count == 20)
    }
}

@Suite struct QuantityTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (1_767_323_045_123_456_789, "2026-01-02T03:04:05.123456789Z"),
            (4_107_542_399_000_000_000, "2100-02-28T23:59:59.000000000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (Int64.max, "2262-04-11T23:47:16.854775807Z"),
            (Int64.min, "1677-09-21T00:12:43.145224192Z"),
        ] as [(Int64, String)])
    func time(nanoseconds: Int64, timestamp: String) {
        #expect(UTCTime(nanosecondsSince1970: nanoseconds).timestamp == timestamp)
    }

    @Test(
        arguments: [
            (999, "999 ns"), (1_000, "1.0 µs"), (840_000, "840 µs"), (2_945_000, "2.9 ms"),
            (12_345_678, "12 ms"), (999_999_999, "999 ms"), (1_500_000_000, "1.5 s"),
            (Int64.max, "9223372036 s"),
        ] as [(Int64, String)])
    func duration(nanoseconds: Int64, text: String) {
        #expect(PageText(nanoseconds: nanoseconds).string == text)
    }

    @Test(
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (8_192, "8.1 kB"), (12_600_000, "12 MB"),
            (3_210_000_000, "3.2 GB"), (UInt64.max, "9223372036 GB"),
        ] as [(UInt64, String)])
    func size(bytes: UInt64, text: String) {
        #expect(PageText(byteCount: bytes).string == text)
    }
}
