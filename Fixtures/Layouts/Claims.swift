import Glibc
import Synchronization

/// What the fixture knows of words in its own memory, by the names that the tool has for their
/// places. It knows no offset: only what stands there, and in which object.
enum Claims {
    private static let all = Mutex<[JSON]>([])
    private static let notes = Mutex<[String: UInt]>([:])

    /// A number that stands in an object.
    ///
    /// - Parameters:
    ///   - name: The name of its place.
    ///   - object: Where the object lies.
    ///   - steps: The way from that object to the one that is meant: names of places with pointers,
    ///     or `kind N` for a record in a list.
    ///   - values: Any of these stands there.
    ///   - mask: The bits that count.
    static func say(
        _ name: String, in object: UInt, through steps: [String] = [], is values: UInt...,
        bits: Int = 64, mask: UInt = .max
    ) {
        add([
            "claim": [
                "name": .string(name), "object": .address(object),
                "through": .array(steps.map(JSON.string)),
                "values": .array(values.map(JSON.address)), "bits": .number(bits),
                "mask": .address(mask),
            ]
        ])
    }

    /// What the tool must make of an object, in its own words.
    static func say(_ question: String, of object: UInt, is answer: String) {
        add([
            "answer": [
                "question": .string(question), "object": .address(object), "is": .string(answer),
            ]
        ])
    }

    private static func add(_ claim: JSON) { all.withLock { $0.append(claim) } }

    /// Everything said.
    static var lines: [JSON] { all.withLock(\.self) }

    /// Tells other threads of an address.
    static func note(_ name: String, _ address: UInt) {
        notes.withLock { $0[name] = address }
    }

    /// An address that another thread tells of.
    static func wait(for name: String) -> UInt {
        for _ in 0..<30_000 {
            if let address = notes.withLock({ $0[name] }) { return address }
            usleep(1000)
        }
        Fixture.fail("nobody noted \(name)")
    }
}

/// Objects and continuations that stay.
enum Forever {
    private static let continuations = Mutex<[CheckedContinuation<Void, Never>]>([])

    static func hold(_ continuation: CheckedContinuation<Void, Never>) {
        continuations.withLock { $0.append(continuation) }
    }

    /// Comes to rest.
    static func rest() async {
        await withCheckedContinuation { hold($0) }
    }

    /// The address of an object, with so many references more from now on.
    static func keep(_ object: AnyObject, references: Int = 1) -> UInt {
        let kept = Unmanaged.passRetained(object)
        for _ in 1..<max(references, 1) { _ = kept.retain() }
        return UInt(bitPattern: kept.toOpaque())
    }
}
