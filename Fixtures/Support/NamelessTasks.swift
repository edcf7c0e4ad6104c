// Tasks have names since 6.2. For older compilers: a name is taken, and the task gets none.
#if compiler(<6.2)
    extension Task where Failure == Never {
        @discardableResult @inline(__always)
        init(
            name: String?, priority: TaskPriority? = nil,
            @_inheritActorContext @_implicitSelfCapture operation:
                sending @escaping @isolated(any) () async -> Success
        ) { self.init(priority: priority, operation: operation) }

        @discardableResult @inline(__always)
        init(
            name: String?, executorPreference: any TaskExecutor,
            operation: sending @escaping () async -> Success
        ) { self.init(executorPreference: executorPreference, operation: operation) }

        @discardableResult @inline(__always)
        static func detached(
            name: String?, priority: TaskPriority? = nil,
            operation: sending @escaping @isolated(any) () async -> Success
        ) -> Self { detached(priority: priority, operation: operation) }
    }

    extension Task where Failure == any Error {
        @discardableResult @inline(__always)
        init(
            name: String?, priority: TaskPriority? = nil,
            @_inheritActorContext @_implicitSelfCapture operation:
                sending @escaping @isolated(any) () async throws -> Success
        ) { self.init(priority: priority, operation: operation) }

        @discardableResult @inline(__always)
        init(
            name: String?, executorPreference: any TaskExecutor,
            operation: sending @escaping () async throws -> Success
        ) { self.init(executorPreference: executorPreference, operation: operation) }

        @discardableResult @inline(__always)
        static func detached(
            name: String?, priority: TaskPriority? = nil,
            operation: sending @escaping @isolated(any) () async throws -> Success
        ) -> Self { detached(priority: priority, operation: operation) }
    }

    extension TaskGroup {
        @inline(__always)
        mutating func addTask(
            name: String?,
            operation: sending @escaping @isolated(any) () async -> ChildTaskResult
        ) { addTask(operation: operation) }
    }

    extension ThrowingTaskGroup {
        @inline(__always)
        mutating func addTask(
            name: String?,
            operation: sending @escaping @isolated(any) () async throws -> ChildTaskResult
        ) { addTask(operation: operation) }
    }
#endif
