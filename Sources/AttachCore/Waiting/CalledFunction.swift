import AttachReport

/// Finds out which function of the C library a frame called, where the library does not name its
/// own: many functions end in a jump to a local one, which has no name without debug symbols. The
/// call itself still says where it went.
struct CalledFunction {
    /// Where code and the slots of the linker lie.
    let memory: TargetMemory
    /// Where the functions do.
    let symbols: WaitSymbols

    /// What the innermost frame outside of the C library called; nil where it cannot be told.
    ///
    /// - Parameter frames: Innermost first.
    func site(_ frames: [Frame]) -> WaitSite? {
        guard let caller = frames.first(where: { !LibraryKnowledge.cLibrary.isImage($0.image) }),
            caller.address != frames.first?.address, let place = caller.address,
            let target = target(ofCallBefore: place)
        else { return nil }
        for (name, site) in LibraryKnowledge.exportedSites where symbols[name].contains(target) {
            return site
        }
        return nil
    }

    /// Where a direct call, or one through a slot, went that returns to this address. (Intel SDM,
    /// volume 2: `e8` with a displacement; `ff 15` with that of a slot.)
    private func target(ofCallBefore place: Address) -> Address? {
        if let opcode: UInt8 = load(place, -5), opcode == 0xe8,
            let target = relative(place, operand: -4)
        {
            return throughStub(target) ?? target
        }
        guard let opcode: UInt16 = load(place, -6), opcode == 0x15ff else { return nil }
        return relative(place, operand: -4).flatMap { memory.pointer($0) }
    }

    /// Where a stub of the linker leads: `jmp *slot(%rip)`, behind `endbr64` perhaps.
    private func throughStub(_ stub: Address) -> Address? {
        var place = stub
        if let word: UInt32 = load(place, 0), word == 0xfa1e_0ff3 {
            guard let next = place.advanced(by: 4) else { return nil }
            place = next
        }
        if let prefix: UInt8 = load(place, 0), prefix == 0xf2 {
            guard let next = place.advanced(by: 1) else { return nil }
            place = next
        }
        guard let opcode: UInt16 = load(place, 0), opcode == 0x25ff,
            let end = place.advanced(by: 6)
        else { return nil }
        return relative(end, operand: -4).flatMap { memory.pointer($0) }
    }

    /// The address that lies as far from `place` as the 32-bit number before it says.
    private func relative(_ place: Address, operand: Int64) -> Address? {
        let distance: Int32? = load(place, operand)
        return distance.flatMap { place.offset(by: Int64($0)) }
    }

    private func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ place: Address, _ offset: Int64
    ) -> T? {
        place.offset(by: offset).flatMap { memory.load($0) }
    }
}
