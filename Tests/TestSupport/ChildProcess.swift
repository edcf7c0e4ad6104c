import CLinux
import Glibc

/// A program started by a test, ended with it.
///
/// It gets an empty signal mask and default signal handlers, unlike the threads that tests run
/// on; its output comes through a pipe.
package struct ChildProcess: ~Copyable {
    /// Its pid.
    package let pid: Int32
    private let input: Int32
    private let output: Int32
    private var buffered: [UInt8] = []

    /// Why a child could not be started.
    package struct StartError: Error { package let errno: Int32 }

    /// Starts a program.
    package init(_ path: String, _ arguments: [String] = [], environment: [String]? = nil) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard unsafe cl_pipe(&toChild) == 0, unsafe cl_pipe(&fromChild) == 0
        else { throw StartError(errno: errno) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var variables = unsafe (environment ?? []).map { unsafe strdup($0) } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let result =
            environment == nil
            ? unsafe posix_spawn(&child, path, &actions, &attributes, &words, environ)
            : unsafe posix_spawn(&child, path, &actions, &attributes, &words, &variables)
        close(toChild[0])
        close(fromChild[1])
        guard result == 0 else {
            close(toChild[1])
            close(fromChild[0])
            throw StartError(errno: result)
        }
        pid = child
        input = toChild[1]
        output = fromChild[0]
    }

    deinit {
        kill(pid, SIGKILL)
        close(input)
        close(output)
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    /// The next line it prints; nil when it has closed its output, or after `seconds`.
    package mutating func readLine(seconds: Int32 = 60) -> String? {
        while true {
            if let end = buffered.firstIndex(of: 0x0a) {
                let line = String(decoding: buffered[..<end], as: UTF8.self)
                buffered.removeSubrange(...end)
                return line
            }
            var poller = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&poller, 1, seconds * 1000) > 0 else { return nil }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = unsafe read(output, &chunk, chunk.count)
            guard count > 0 else { return nil }
            buffered += chunk[..<count]
        }
    }

    /// Everything it prints until it closes its output.
    package mutating func readAll() -> String {
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        let rest = String(decoding: buffered, as: UTF8.self)
        return (lines + (rest.isEmpty ? [] : [rest])).joined(separator: "\n")
    }

    /// Writes a line to its standard input.
    package func send(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
    }

    /// Waits until its first thread waits in the kernel: with what it said last it had not come to
    /// rest yet. Returns at once where it has ended.
    package func waitUntilSleeping() throws {
        try TestSupport.waitUntil("\(pid) sleeps") {
            statusField("State").map { $0.hasPrefix("S") } ?? true
        }
    }

    /// Sends a signal to it.
    package func signal(_ number: Int32) { kill(pid, number) }

    /// A field of its `status` file, e.g. `TracerPid`.
    package func statusField(_ name: String) -> String? {
        guard let file = unsafe fopen("/proc/\(pid)/status", "r") else { return nil }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        while unsafe fgets(&line, 1024, file) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(name + ":") {
                return text.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace)
                    .joined(separator: " ")
            }
        }
        return nil
    }
}
