/// Recognises a task that waits for the next element of a stream where the function that it waits
/// in has no name: that function has the stream's storage at hand, and there the task is noted as
/// the one to be resumed (stdlib/public/Concurrency/AsyncStreamBuffer.swift).
enum StreamWaits {
    /// What is looked at of the waiting function's frame, from the context of the continuation,
    /// which is its first part.
    private static let frame = stride(from: AsyncContextLayout.continuationSize, to: 256, by: 8)
    private static let waiterLimit: UInt64 = 1024

    /// Whether a storage that the innermost frame of `task` refers to will resume that very task.
    static func isWaiting(_ task: TaskHeader, _ reader: inout WordReader) -> Bool {
        frame.contains { offset in
            guard let object = reader.word(task.context, offset), object & 7 == 0, object > 4096
            else { return false }
            return resumes(task.address, object, &reader)
        }
    }

    private static func resumes(
        _ task: UInt64, _ object: UInt64, _ reader: inout WordReader
    ) -> Bool {
        // Cheapest first: most words of a frame are no objects, and most objects no storage.
        guard let field = reader.word(object, LibraryLayout.streamWaiters), field & 7 == 0,
            field != 0,
            field == task || holds(task, array: field, &reader),
            let isa = reader.word(object), isa & 7 == 0, isa > 4096,
            reader.word(isa) == MetadataKind.class,
            let place = reader.word(isa, MetadataLayout.classDescriptor), place & 3 == 0,
            let type = NominalType(place, &reader), type.isClass,
            type.declaration.isOfStandardLibrary
        else { return false }
        // A stream of errors has one continuation, the other an array of them.
        return field == task
            ? type.declaration.path == LibraryLayout.throwingStreamName
            : type.declaration.path == LibraryLayout.streamName
    }

    private static func holds(
        _ task: UInt64, array: UInt64, _ reader: inout WordReader
    ) -> Bool {
        guard let count = reader.word(array, LibraryLayout.arrayCount), count <= waiterLimit
        else { return false }
        return (0..<count).contains {
            reader.word(array, LibraryLayout.arrayElements &+ $0 &* 8) == task
        }
    }
}
