// The debug information of a program: lines and inlined functions, through libdw.

import AttachReport

@testable import AttachCore

func fuzz(_ bytes: [UInt8]) {
    guard let file = try? ELFFile(ImageBytes(copying: bytes)) else { return }
    var requests: Set<CodeAddress> = []
    for segment in file.layout.segments.prefix(16) where segment.isExecutable {
        let size = max(min(segment.memorySize, 1 << 32), 1)
        for index in 0..<32 {
            let place = segment.address &+ (UInt64(index) &* 0x9e37_79b9_7f4a_7c15) % size
            requests.insert(
                CodeAddress(
                    address: Address(place),
                    kind: index % 3 == 0 ? .asyncResumePoint : .returnAddress))
        }
    }
    let symbols = FunctionSymbols(
        Set(requests.map(\.lookup)), in: SymbolTable.tables(of: file)
    ).found
    var finder = SourceFinder(file)
    let frames = finder.frames(
        for: requests.sorted { $0.address < $1.address }, bias: 0, symbols: symbols)
    precondition(frames.count <= requests.count)
}
