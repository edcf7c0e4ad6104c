// A core file, from its headers to the report.

import AttachCore

private let file = FuzzFile("fuzzed.core")

func fuzz(_ bytes: [UInt8]) {
    guard file.hold(bytes), let capture = try? CoreReader.read(file.path) else { return }
    var options = SnapshotOptions()
    options.readsLines = false
    var assembler = SnapshotAssembler(capture, options: options)
    _ = assembler.snapshot()
}
