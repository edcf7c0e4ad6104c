import Descriptors
import Foundation
import Glibc

/// Threads that wait on files, pipes, sockets and the like.
enum DescriptorWaits {
    /// The system calls for it, as x86_64 Linux numbers them.
    private enum Call {
        static let poll = 7
        static let accept = 43
        static let recvfrom = 45
        static let wait4 = 61
        static let fcntl = 72
        static let flock = 73
        static let epollWait = 232
        static let pselect6 = 270
        static let ppoll = 271
    }

    static func start() {
        startReading()
        startSockets()
        startSets()
        startLocks()
        let child = make_child()
        Waiter("child", "childProcess", in: Call.wait4) { wait_child(child.there) }
        Waiter("pidfd", "descriptor", in: Call.poll, about(one(child, "pidfd"))) {
            wait_poll(child.here, -1, -1)
        }
        Waiter("poll-nothing", "sleep", in: Call.poll, [("unknownTimeout", true)]) {
            wait_nothing(86_400_000)
        }
        Waiter("run-loop", "work", in: Call.ppoll) {
            RunLoop.current.add(
                Timer(timeInterval: 86_400, repeats: true) { _ in Held.touch() }, forMode: .default)
            RunLoop.current.run()
        }
    }

    private static func name(_ ends: ends) -> String {
        withUnsafeBytes(of: ends.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func otherName(_ ends: ends) -> String {
        withUnsafeBytes(of: ends.other) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// A descriptor as the report must have it; a name that ends in a space is only its beginning.
    private static func one(_ ends: ends, _ kind: String) -> JSON {
        ["number": .number(Int(ends.here)), "kind": .string(kind), "name": .string(name(ends))]
    }

    private static func about(_ all: JSON...) -> [(String, JSON)] {
        [("descriptors", .array(all))]
    }

    private static func startReading() {
        let pipe = make_pipe()
        Waiter("pipe", "descriptor", in: SystemCall.read, about(one(pipe, "pipe"))) {
            wait_read(pipe.here)
        }
        let timer = make_timer(1)
        Waiter("timer", "descriptor", in: SystemCall.read, about(one(timer, "timerfd"))) {
            wait_read(timer.here)
        }
        let idle = make_timer(0)
        Waiter("timer-unset", "descriptor", in: SystemCall.read, about(one(idle, "timerfd"))) {
            wait_read(idle.here)
        }
        let counter = make_counter()
        Waiter("eventfd", "descriptor", in: SystemCall.read, about(one(counter, "eventfd"))) {
            wait_read(counter.here)
        }
    }

    private static func startSockets() {
        for version in [4, 6] {
            var listener = ends()
            let connection = make_connection(version == 6 ? 1 : 0, &listener)
            let door = listener
            Waiter("accept-\(version)", "descriptor", in: Call.accept, about(one(door, "socket"))) {
                wait_accept(door.here)
            }
            Waiter(
                "accepted-\(version)", "descriptor", in: Call.recvfrom,
                about(one(connection, "socket"))
            ) { wait_receive(connection.here) }
            let client: JSON = [
                "number": .number(Int(connection.there)), "kind": "socket",
                "name": .string(otherName(connection)),
            ]
            Waiter("client-\(version)", "descriptor", in: SystemCall.read, about(client)) {
                wait_read(connection.there)
            }
        }
        let local = make_unix_listener()
        Waiter("unix", "descriptor", in: Call.accept, about(one(local, "socket"))) {
            wait_accept(local.here)
        }
        let pair = make_socket_pair()
        Waiter("socket-pair", "descriptor", in: SystemCall.read, about(one(pair, "socket"))) {
            wait_read(pair.here)
        }
        let datagrams = make_datagram_socket()
        Waiter("datagrams", "descriptor", in: Call.recvfrom, about(one(datagrams, "socket"))) {
            wait_receive(datagrams.here)
        }
        let patient = make_patient_socket()
        Waiter(
            "patient", "descriptor", in: Call.recvfrom,
            about(one(patient, "socket")) + [("unknownTimeout", true)]
        ) { wait_receive(patient.here) }
    }

    private static func startSets() {
        let pipe = make_pipe()
        let pair = make_socket_pair()
        let both = about(one(pipe, "pipe"), one(pair, "socket"))
        Waiter("poll", "descriptor", in: Call.poll, both) { wait_poll(pipe.here, pair.here, -1) }
        Waiter("poll-timed", "descriptor", in: Call.poll, both + [("unknownTimeout", true)]) {
            wait_poll(pipe.here, pair.here, 86_400_000)
        }
        Waiter("ppoll", "descriptor", in: Call.ppoll, both + [("seconds", 86_400)]) {
            wait_ppoll(pipe.here, pair.here, 86_400)
        }
        Waiter("select", "descriptor", in: Call.pselect6, both + [("seconds", 86_400)]) {
            wait_select(pipe.here, pair.here, 86_400)
        }
        let epoll: JSON = ["kind": "epoll"]
        let members = about(epoll, one(pipe, "pipe"), one(pair, "socket"))
        Waiter("epoll", "descriptor", in: Call.epollWait, members) {
            wait_epoll(pipe.here, pair.here, -1)
        }
        Waiter(
            "epoll-timed", "descriptor", in: Call.epollWait, members + [("unknownTimeout", true)]
        ) { wait_epoll(pipe.here, pair.here, 86_400_000) }
    }

    private static func startLocks() {
        let file = make_locked_file()
        let path = otherName(file)
        let locked = about(["kind": "file", "name": .string(name(file))])
        Waiter("flock", "descriptor", in: Call.flock, locked) { wait_flock(path) }
        Waiter("file-lock", "descriptor", in: Call.fcntl, locked) { wait_file_lock(path) }
    }
}
