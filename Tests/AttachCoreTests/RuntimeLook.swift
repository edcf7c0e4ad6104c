import AttachReport

@testable import AttachCore

/// What the runtime room says of a live process.
struct RuntimeLook {
    let state: RuntimeState
    let stacks: [Int32: NativeStack]
    let target: Target
    var images: ImageTable { target.images }
    var memory: TargetMemory { target.memory }
    var capture: Capture { target.capture }

    init(pid: Int32) throws {
        let capture = try LiveCapture.take(pid: pid)
        target = Target(capture, images: ImageTable(capture: capture))
        var unwinder = Unwinder(target)
        var stacks: [Int32: NativeStack] = [:]
        for thread in capture.threads {
            if let registers = thread.registers { stacks[thread.id] = unwinder.unwind(registers) }
        }
        self.stacks = stacks
        var reader = RuntimeReader(target, stacks: stacks)
        state = reader.read()
    }

    /// The task with an id.
    func task(_ id: Int) -> RawTask? { state.tasks.first { $0.record.id == UInt64(id) } }

    /// The addresses of a task's whole stack: native ones down to the async frame, then the rest.
    func addresses(of task: RawTask) -> [CodeAddress] {
        guard let count = task.nativeFrameCount, let thread = task.record.thread,
            let stack = stacks[thread]
        else { return task.resumePoints }
        return stack.frames.prefix(count).map(\.address) + task.resumePoints
    }

    /// The functions of each stack that lie in one image and that nobody folds away.
    func functions(of tasks: [RawTask], in image: String) -> [UInt64: [String]] {
        var symbolizer = Symbolizer(images: images)
        let names = symbolizer.frames(for: Set(tasks.flatMap(addresses)))
        return tasks.reduce(into: [:]) { result, task in
            var frames = addresses(of: task).flatMap { names[$0] ?? [] }
            FrameFolding.settle(&frames)
            result[task.record.id] = frames.filter { $0.folding == nil && $0.image == image }
                .map { $0.function ?? "?" }
        }
    }
}
