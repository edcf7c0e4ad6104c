// The memory of real processes with words of it exchanged: tasks, contexts, records, actors, type
// metadata, the heap, locks. The processes are core files, FUZZ_CORES, separated by colons.

import AttachReport
import Glibc

@testable import AttachCore

private let captures: [ChangeableCapture] = {
    let paths = unsafe getenv("FUZZ_CORES").map { unsafe String(cString: $0) } ?? ""
    let captures = paths.split(separator: ":").compactMap { path in
        try? ChangeableCapture(CoreReader.read(String(path)))
    }
    precondition(!captures.isEmpty, "FUZZ_CORES names no core file")
    return captures
}()

func fuzz(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let capture = captures[Int(input.byte()) % captures.count]
    func place() -> UInt64 {
        let number = input.half()
        let places = capture.places
        let base = places.isEmpty ? 0 : places[Int(number >> 16) % places.count]
        return base &+ UInt64(number & 0xff) &* 8
    }
    var undo: [(address: UInt64, word: UInt64)] = []
    for _ in 0..<64 where !input.isAtEnd {
        let (address, kind) = (place(), input.byte())
        guard let old = capture.word(at: address) else { continue }
        let word: UInt64 =
            switch kind % 8 {
            case 0: 0
            case 1: address
            case 2: place()
            case 3: old ^ (1 << UInt64(input.byte() & 63))
            case 4: UInt64(bitPattern: Int64(Int8(bitPattern: input.byte())))
            case 5: old &+ UInt64(bitPattern: Int64(Int8(bitPattern: input.byte())))
            default: input.word()
            }
        undo.append((address, old))
        capture.store(word, at: address)
    }
    let state = capture.look()
    precondition(state.tasks.count <= TaskScanner.limit)
    for change in undo.reversed() { capture.store(change.word, at: change.address) }
}
