/// Something that refers to a continuation, so that it may resume it, or lead somebody there.
public enum Holder: Hashable, Sendable, Codable {
    /// A collection of the standard library.
    public enum Collection: Hashable, Sendable, Codable, CaseIterable {
        /// `Array`, and what is built on it.
        case array
        /// `Dictionary`.
        case dictionary
        /// `Set`.
        case set
    }

    /// The part of a thread's stack that is in use.
    case stack(thread: Int32)
    /// Memory that a thread has for itself.
    case threadLocal(thread: Int32)
    /// A register of a thread.
    case register(thread: Int32)
    /// The kernel, for example for an epoll or a timer.
    case kernel
    /// A global variable in the image with this name.
    case global(image: String)
    /// The memory that a task keeps its frames in.
    case frame(task: UInt64)
    /// A captured variable, or what a closure has captured.
    case closureContext
    /// A boxed error.
    case error
    /// The storage of a collection.
    case storage(Collection)
    /// An object of this type.
    case object(type: String)
    /// Allocated memory that is no object, by its address.
    case allocation(Address)
    /// Mapped memory, by where the mapping begins and the file name of what is mapped (nil for
    /// anonymous memory).
    case mapping(Address, file: String?)
}
