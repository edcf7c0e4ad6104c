import CLinux
import Glibc

/// Runs a piece of work on an OS thread that ends with it.
enum OwnThread {
    /// Calls `body` on a new thread and waits for its end. Where no thread can be made, it runs
    /// on this one.
    ///
    /// - Parameter stackBytes: how large the thread's stack is; nil for what the system gives.
    static func run<Value, Failure: Error>(
        stackBytes: Int? = nil, _ body: () throws(Failure) -> Value
    ) -> Result<Value, Failure> {
        withoutActuallyEscaping(body) { body in
            let work = Work(body)
            var thread = pthread_t()
            let context = unsafe Unmanaged<AnyWork>.passRetained(work)
            let error = unsafe cl_thread_create(
                &thread, stackBytes ?? 0,
                { context in
                    guard let context = unsafe context else { return nil }
                    unsafe Unmanaged<AnyWork>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, context.toOpaque())
            if error == 0 {
                pthread_join(thread, nil)
            } else {
                unsafe context.release()
                work.run()
            }
            return work.finished()
        }
    }

    private class AnyWork {
        func run() {}
    }

    private final class Work<Value, Failure: Error>: AnyWork {
        private let body: () throws(Failure) -> Value
        private var result: Result<Value, Failure>?

        init(_ body: @escaping () throws(Failure) -> Value) { self.body = body }

        override func run() { result = Result(catching: body) }

        func finished() -> Result<Value, Failure> {
            guard let result else { preconditionFailure("the thread has run the body") }
            return result
        }
    }
}
