// A symbol, and everything that is made of it.

import AttachReport

@testable import AttachCore

func fuzz(_ bytes: [UInt8]) {
    let symbol = String(decoding: bytes, as: UTF8.self)
    for name in [symbol, "$s" + symbol, "_Z" + symbol] {
        let shown = Symbolizer.displayName(name)
        precondition(shown.utf8.count <= max(Demangler.outputLimit + 64, name.utf8.count + 64))
        _ = FrameFolding.judge(symbol: name, image: "libswift_Concurrency.so")
        _ = Demangler.longForm(name)
        _ = Demangler.isSpecialized(name)
        _ = ResumeStores.function(ofPiece: name)
    }
}
