import Glibc

@_silgen_name("gettid") private func kernelThreadID() -> Int32

/// Threads of the fixture's own, as opposed to those of the runtime's pool.
enum Threads {
    /// The kernel's number of the calling thread.
    static var current: Int { Int(kernelThreadID()) }

    /// Starts a thread with a name, detached.
    @discardableResult
    static func start(
        _ name: String, stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void
    ) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let boxed = Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                Threads.name(body.name)
                body.run()
                return nil
            }, boxed)
        if failure != 0 { Fixture.fail("pthread_create: \(failure)") }
        return thread
    }

    /// Names the calling thread; the kernel keeps the first 15 bytes.
    static func name(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        _ = write(file, name, min(15, name.utf8.count))
    }

    /// The kernel's letter for what a thread is doing: `R` running, `S` sleeping, `D`, `Z`…
    static func state(of tid: Int) -> Character? {
        // The name may hold anything, a parenthesis too: the state follows the last one.
        guard let text = read("/proc/self/task/\(tid)/stat") else { return nil }
        return text.lastIndex(of: ")").map { text[text.index($0, offsetBy: 2)] }
    }

    /// The number of the system call that a thread is blocked in, `nil` while it is not in one.
    static func systemCall(of tid: Int) -> Int? {
        read("/proc/self/task/\(tid)/syscall")?.split(separator: " ").first.flatMap { Int($0) }
    }

    /// The text of a small file.
    static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let text = [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}

/// The system calls fixtures block in, as x86_64 and arm64 Linux number them.
enum SystemCall {
    #if arch(x86_64)
        static let read = 0
        static let futex = 202
        static let clockNanosleep = 230
        static let pause = 34
        static let epollWait = 232
    #else
        static let read = 63
        static let futex = 98
        static let clockNanosleep = 115
        static let pause = 73
        static let epollWait = 22
    #endif
}
