// What libFuzzer calls with the bytes of a core file: see scripts/fuzz-core.

import AttachCore
import Glibc

private let file = unsafe open("fuzzed.core", O_RDWR | O_CREAT, 0o600)

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCoreFile(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    ftruncate(file, 0)
    guard unsafe pwrite(file, bytes, count, 0) == count else { return 0 }
    guard let capture = try? CoreReader.read("fuzzed.core") else { return 0 }
    var options = SnapshotOptions()
    options.readsLines = false
    var assembler = SnapshotAssembler(capture, options: options)
    _ = assembler.snapshot()
    return 0
}
