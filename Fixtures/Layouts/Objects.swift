import Glibc

@_silgen_name("swift_weakInit")
private func makeWeakReference(
    _ place: UnsafeMutableRawPointer, _ object: UInt
) -> UnsafeMutableRawPointer

/// Objects and types of a program's own.
enum Objects {
    class Base {
        let word = 0x0102_0304_0506
    }

    final class Derived: Base {
        let other: (Int, Int) = (1, 2)
    }

    struct Shape {
        var wide: Int64
        var narrow: Int8
    }

    enum Kind { case first, second, third }

    static func address(of type: Any.Type) -> UInt { unsafeBitCast(type, to: UInt.self) }

    static func say() {
        let object = Derived()
        let address = unsafeBitCast(object, to: UInt.self)
        _ = Forever.keep(object)
        Claims.say("object.isa", in: address, is: self.address(of: Derived.self))
        Claims.say("object.firstField", in: address, is: UInt(object.word))
        let seen = Forever.keep(Derived())
        _ = makeWeakReference(.allocate(byteCount: 8, alignment: 8), seen)
        Claims.say("counts in side table", of: seen, is: "alive")
        let counted = Forever.keep(Base(), references: 3)
        Claims.say("strong references", of: counted, is: "3")

        let shape = self.address(of: Shape.self)
        Claims.say(
            "witnesses.size", in: shape, through: ["metadata.witnesses"],
            is: UInt(MemoryLayout<Shape>.size))
        Claims.say(
            "witnesses.stride", in: shape, through: ["metadata.witnesses"],
            is: UInt(MemoryLayout<Shape>.stride))
        Claims.say(
            "witnesses.flags", in: shape, through: ["metadata.witnesses"],
            is: UInt(MemoryLayout<Shape>.alignment - 1), bits: 32, mask: 0xff)
        let derived = self.address(of: Derived.self)
        Claims.say("metadata.superclass", in: derived, is: self.address(of: Base.self))
        Claims.say("metadata.instanceSize", in: derived, is: 40, bits: 32)
        let types: [Any.Type] = [
            Kept<[Int]>.self, [String: Set<Int>].self,
            Int?.self, (Int, String).self, ((Int) async throws -> String).self,
            Any.self, AnyObject.self, Int.Type.self,
        ]
        for type in types {
            Claims.say("name of type", of: self.address(of: type), is: String(describing: type))
        }
        Claims.say(
            "name of type", of: self.address(of: (any CustomStringConvertible & Sendable).self),
            is: "any CustomStringConvertible")
        Claims.say("name of type", of: derived, is: "Objects.Derived")
        Claims.say("name of type", of: shape, is: "Objects.Shape")
        Claims.say("name of type", of: self.address(of: Kind.self), is: "Objects.Kind")
        let failed = Task.detached { () async throws in throw Failed.second }
        Claims.say("case of error", of: TaskObject.of(failed).address, is: "second")
        _ = Unmanaged.passRetained(Kept(failed))
    }

    enum Failed: Error { case first, second }
}
