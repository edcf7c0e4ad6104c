import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// What the kernel writes of descriptors, and what a hostile one may have it write.
struct DescriptorTextTests {
    private static let tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0
           1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 100 0 0 10 0
           2: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0 100 0 0 10 0
           3: 0100007F:C002 010A0A0A:01BB 02 00000000:00000000 00:00000000 00000000     0        0 104 1 0 100 0 0 10 0

        """

    private static let names: [UInt64: String] = [
        101: "tcp 127.0.0.1:8080 (listening)", 102: "tcp 127.0.0.1:8080 <- 127.0.0.1:49153",
        103: "tcp 127.0.0.1:49153 -> 127.0.0.1:8080",
        104: "tcp 127.0.0.1:49154 -> 10.10.10.1:443 (connecting)",
    ]

    @Test func endsOfConnectionsAreRead() {
        let text = Array(Self.tcp.utf8)
        // However the file is cut into pieces.
        for size in [1, 2, 7, 64, 150, 4096] {
            var table = SocketTable(.tcp, wanted: [101, 102, 103, 104, 105])
            var rest = text[...]
            while !rest.isEmpty {
                table.append(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(table.names == Self.names)
            #expect(!table.isDone)
        }
        var table = SocketTable(.tcp, wanted: [101])
        table.append(text[...])
        #expect(table.isDone)
        #expect(table.names.count == 1)
    }

    @Test(arguments: [
        ("00000000000000000000000001000000", "[::1]"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ("B80D0120000000000000000001000000", "[2001:db8::1]"),
        ("00000000000000000000000000000000", "[::]"),
        ("0100000102000003040000050600ABCD", "[100:1:300:2:500:4:cdab:6]"),
    ])
    func addressesOfVersionSixAreShort(written: String, read: String) {
        var table = SocketTable(.tcp6, wanted: [7])
        table.append(
            Array(
                "0: \(written):0050 \(String(repeating: "0", count: 32)):0000 0A 0:0 0:0 0 0 0 7 x\n"
                    .utf8)[...])
        #expect(table.names[7] == "tcp \(read):80 (listening)")
    }

    @Test func socketsInTheFileSystemHavePaths() {
        var table = SocketTable(.unix, wanted: [11, 12, 13])
        table.append(
            Array(
                """
                Num       RefCount Protocol Flags    Type St Inode Path
                0000000000000000: 00000002 00000000 00010000 0001 01 11 /run/a path\u{1b}[31m
                0000000000000000: 00000003 00000000 00000000 0001 03 12
                0000000000000000: 00000003 00000000 00000000 0001 03    13 @abstract

                """.utf8)[...])
        #expect(
            table.names == [
                11: "unix /run/a path\u{1b}[31m (listening)", 12: "unix", 13: "unix @abstract",
            ])
    }

    @Test func garbageIsPassedOver() {
        let lines = [
            "", "0:", "0: 1 2 3 4 5 6 7 8 9", "x: 0100007F:1F90 zz 0A a b c d e 101 1",
            "0: 0100007F 00000000:0000 0A a b c d e 101 1",
            "0: 0100007F:99999 00000000:0000 0A a b c d e 101 1",
            "0: 0100007F:1F90 00000000:0000 0A a b c d e 99999999999999999999999 1",
            String(repeating: "x", count: 100_000), String(repeating: " ", count: 100_000),
        ]
        for kind in SocketTable.Kind.allCases {
            var table = SocketTable(kind, wanted: [101])
            for line in lines { table.append(Array((line + "\n").utf8)[...]) }
            #expect(table.names.isEmpty)
        }
        var random = Seed()
        var table = SocketTable(.tcp, wanted: [101, 102, 103, 104])
        for _ in 0..<200 {
            var bytes = Array(Self.tcp.utf8)
            for _ in 0..<20 {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            table.append(bytes[...])
        }
        // A line that never ends takes no memory.
        for _ in 0..<1000 { table.append(Array(repeating: 0x20, count: 4096)[...]) }
    }

    @Test func linksSayWhatTheyLeadTo() {
        let kinds: [(String, DescriptorRecord.Kind)] = [
            ("/etc/passwd", .file), ("/tmp/x (deleted)", .file), ("pipe:[1]", .pipe),
            ("socket:[1]", .socket), ("/dev/pts/3", .terminal), ("/dev/null", .device),
            ("/dev/shm/x", .file), ("anon_inode:[eventpoll]", .epoll),
            ("anon_inode:[eventfd]", .eventfd), ("anon_inode:[timerfd]", .timerfd),
            ("anon_inode:[signalfd]", .signalfd), ("anon_inode:inotify", .inotify),
            ("anon_inode:[pidfd]", .pidfd), ("pidfd:[33]", .pidfd),
            ("anon_inode:[io_uring]", .other), ("", .other), ("pipe", .other),
            ("/a\u{1b}[31m\n", .file),
        ]
        for (link, kind) in kinds {
            #expect(OpenDescriptor(3, link: link).record.kind == kind, "\(link)")
        }
        #expect(OpenDescriptor(3, link: nil).record.kind == .closed)
        #expect(OpenDescriptor.socketInode("socket:[42]") == 42)
        for link in ["socket:[", "socket:[x]", "socket:[-1]", "socket:[99999999999999999999]"] {
            #expect(OpenDescriptor.socketInode(link) == nil)
        }
    }

    @Test func moreIsKnownOfSome() {
        func name(_ link: String, _ text: String) -> String? {
            OpenDescriptor(3, link: link, information: text).record.name
        }
        #expect(
            name("anon_inode:[eventfd]", "pos:\t0\neventfd-count:                3\n") == "count 3")
        #expect(name("anon_inode:[pidfd]", "Pid:\t77\nNSpid:\t77\n") == "process 77")
        #expect(name("anon_inode:[pidfd]", "Pid:\t-1\n") == "a process that has ended")
        #expect(name("anon_inode:[timerfd]", "it_value: (59, 12)\n") == "fires in 59 s")
        #expect(name("anon_inode:[timerfd]", "it_value: (0, 0)\n") == "not set")
        #expect(name("anon_inode:[timerfd]", "it_value: nonsense\n") == nil)
        let folder = OpenDescriptor(3, link: "/tmp", information: "pos:\t0\nflags:\t0300000\n")
        #expect(folder.record.kind == .directory)
        // An epoll may watch a hundred thousand.
        let lines = (0..<100_000).map { "tfd: \($0) events: 19 data: 5 pos:0 ino:1 sdev:2\n" }
        let epoll = OpenDescriptor(
            3, link: "anon_inode:[eventpoll]", information: "pos:\t0\n" + lines.reversed().joined())
        #expect(epoll.members == Array(0..<Int32(OpenDescriptor.memberLimit)))
        #expect(
            OpenDescriptor(3, link: "anon_inode:[eventpoll]", information: "tfd: x\ntfd:\n:\n")
                .members.isEmpty)
    }

    @Test func callsAreReadFromText() {
        let call = SystemCallReader.call(
            text: "7 0x7ffc 0x1 0xffffffffffffffff 0x8 0x0 0x2 0x7ffd 0x7f00\n", .x86_64)
        #expect(call?.name == "poll")
        #expect(call?.arguments == [0x7ffc, 1, .max, 8, 0, 2])
        for text in [
            "", "running\n", "-1 0x7ffd 0x7f00\n", "7 0x1\n", "7 1 2 3 4 5 6\n",
            "x 0x1 0x1 0x1 0x1 0x1 0x1\n", "7 0x1 0x1 0x1 0x1 0x1 0x11111111111111111\n",
        ] {
            #expect(SystemCallReader.call(text: text, .x86_64) == nil)
        }
    }
}
