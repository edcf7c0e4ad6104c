// A program or library: headers, symbols, hash tables, build ID.

import AttachReport

@testable import AttachCore

private let file = FuzzFile("fuzzed.elf")

func fuzz(_ bytes: [UInt8]) {
    guard file.hold(bytes), let mapped = MappedELF(file, count: bytes.count) else { return }
    var addresses: Set<CodeAddress> = []
    for index in 0..<48 {
        let number = UInt64(index) &* 0x9e37_79b9_7f4a_7c15
        guard let address = mapped.codeAddress(number) else { break }
        let kinds: [Frame.Kind] = [.programCounter, .returnAddress, .asyncResumePoint]
        addresses.insert(CodeAddress(address: Address(address), kind: kinds[index % 3]))
        _ = mapped.images.functionRange(containing: Address(address))
    }
    var symbolizer = Symbolizer(
        images: mapped.images, readsLines: false)
    let frames = symbolizer.frames(for: addresses)
    precondition(frames.count == addresses.count)
    _ = mapped.images.addresses(
        ofSymbols: [
            "main", "swift_task_create", "_swift_concurrency_debug_internal_layout_version",
        ])
    for image in mapped.images.images {
        guard let elf = image.file else { continue }
        _ = elf.layout.section(named: "swift5_type_metadata", in: elf.bytes)
        guard let hash = SymbolHash(of: elf) else { continue }
        for name in ["main", "malloc", "_start", "environ"] { _ = hash.candidates(for: name) }
    }
}
