/// One line of a stack, innermost first in every array of frames.
public struct Frame: Hashable, Sendable, Codable {
    /// How the frame's address was obtained, which also says what it means.
    public enum Kind: Hashable, Sendable, Codable {
        /// The very instruction at which the thread was stopped.
        case programCounter
        /// Where a call returns to: one past the call instruction.
        case returnAddress
        /// Where a suspended async function goes on: the entry of a resume function.
        case asyncResumePoint
        /// A function whose body the compiler placed inside the next frame's.
        case inlined
        /// So many frames in the middle of a deep stack are left out here.
        case omitted(Int)
        /// The walk ended here before the end of the stack, for this reason.
        case stopped(String)
    }

    /// Why a frame is not shown unless everything is asked for.
    public enum Folding: String, Hashable, Sendable, Codable {
        /// A thunk, forwarder or witness that the compiler made.
        case thunk
        /// A function of the concurrency runtime, of libdispatch's worker or of thread start-up.
        case runtime
    }

    /// How the address was obtained.
    public var kind: Kind
    /// The address itself; nil for `omitted` and `stopped`.
    public var address: Address?
    /// The name a person wrote, e.g. `Bank.withdraw(_:)`; nil where no symbol covers the address.
    public var function: String?
    /// The symbol as it stands in the symbol table or debug information (mangled).
    public var symbol: String?
    /// Bytes from the start of the symbol; nil without a symbol.
    public var symbolOffset: UInt64?
    /// The file name of the image, e.g. `libc.so.6`; nil where the address lies in none.
    public var image: String?
    /// Bytes from the image's load bias, i.e. the address as the ELF file states it.
    public var imageOffset: UInt64?
    /// The source line, where debug information gives one.
    public var location: SourceLocation?
    /// Why the frame is folded by default; nil for a frame that is always shown.
    public var folding: Folding?
    /// How many other, unrelated names stand for the same code (identical code folding).
    public var aliases: Int

    /// Memberwise.
    public init(
        kind: Kind, address: Address? = nil, function: String? = nil, symbol: String? = nil,
        symbolOffset: UInt64? = nil, image: String? = nil, imageOffset: UInt64? = nil,
        location: SourceLocation? = nil, folding: Folding? = nil, aliases: Int = 0
    ) {
        self.kind = kind
        self.address = address
        self.function = function
        self.symbol = symbol
        self.symbolOffset = symbolOffset
        self.image = image
        self.imageOffset = imageOffset
        self.location = location
        self.folding = folding
        self.aliases = aliases
    }
}

/// A place in a source file.
public struct SourceLocation: Hashable, Sendable, Codable {
    /// The path as the compiler recorded it.
    public var file: String
    /// Line, from 1.
    public var line: Int
    /// Column, from 1; nil where the debug information has none.
    public var column: Int?

    /// Memberwise.
    public init(file: String, line: Int, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }
}
