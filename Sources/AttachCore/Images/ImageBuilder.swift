import AttachReport

/// Makes images of mapped files, and notes what could not be read.
struct ImageBuilder {
    private let memory: TargetMemory
    private let budget = UnpackingBudget()
    /// In the order they were added.
    private(set) var images: [Image] = []
    /// What could not be read.
    var gaps: [Gap] = []

    init(memory: TargetMemory) { self.memory = memory }

    /// Adds an image for each place where code of `file` is loaded; usually there is one. A file
    /// that is no ELF file is none of ours.
    mutating func add(
        _ file: MappedFile, _ mappings: [Mapping], candidates: [DebugFileCandidate]
    ) {
        guard let descriptor = file.descriptor else {
            return addFromMemory(file, mappings, candidates)
        }
        let elf: ELFFile
        do {
            elf = try ELFFile(
                ImageBytes(mapping: descriptor), candidates: candidates, budget: budget)
        } catch {
            let isNone = error == .notELF || error == .notRegular || error == .empty
            if isNone, file.isCertain { return }
            note(file, .noSymbols, error.description)
            return addFromMemory(file, mappings, candidates)
        }

        var biases: [UInt64] = []
        for mapping in mappings where mapping.isExecutable {
            let bias = elf.loadBias(ofCodeAt: mapping.start, offset: mapping.fileOffset)
            if let bias, !biases.contains(bias), biases.count < 64 { biases.append(bias) }
        }
        if let doubt = doubt(of: elf, file, biases) {
            addFromMemory(file, mappings, candidates)
            if images.last?.record.debugFile == nil { note(file, .noSymbols, doubt) }
            return
        }
        if let damage = elf.layout.damage { note(file, .inconsistent, damage) }
        add(elf, file, mappings, biases)
    }

    private mutating func add(
        _ elf: ELFFile, _ file: MappedFile, _ mappings: [Mapping], _ biases: [UInt64]
    ) {
        for bias in biases {
            let loaded = mappings.filter {
                elf.isLoaded(at: $0.start, offset: $0.fileOffset, bias: bias)
            }
            if let image = Image(file: elf, path: file.path, loadBias: bias, mappings: loaded) {
                images.append(image)
            }
        }
        if elf.isOverBudget {
            note(file, .limit, "packed symbols of all files together are too large when unpacked")
        }
    }

    private mutating func note(_ file: MappedFile, _ reason: Gap.Reason, _ detail: String) {
        gaps.append(Gap(.symbols(of: file.path), reason: reason, detail: detail))
    }

    /// Why an opened file cannot be taken for the one that was loaded; nil where it can.
    private func doubt(of elf: ELFFile, _ file: MappedFile, _ biases: [UInt64]) -> String? {
        let identities = biases.compactMap { identity(of: elf, loadedWith: $0) }
        if identities.contains(where: { $0 != elf.buildID }) {
            return "the file of this name is not the one that was loaded (build ID differs)"
                + (file.isCertain ? "" : "; root gets to see that one")
        }
        guard !file.isCertain, identities.isEmpty else { return nil }
        return "the file of this name may not be the one that was loaded: device or inode "
            + "differs, and there is no build ID to tell"
    }

    /// The build ID in the target's own memory, where that was captured and the file has one at
    /// that place.
    private func identity(of file: ELFFile, loadedWith bias: UInt64) -> [UInt8]? {
        guard let address = file.buildIDAddress, let expected = file.buildID else { return nil }
        return memory.copy(Address(bias &+ address), count: expected.count)
    }

    /// Adds what memory holds of a file that is not to be had; at least it has a place, a name and
    /// as a rule a build ID, by which its debug file can be found.
    private mutating func addFromMemory(
        _ file: MappedFile, _ mappings: [Mapping], _ candidates: [DebugFileCandidate]
    ) {
        if let bytes = MemoryImage.bytes(of: mappings, in: memory),
            let elf = try? ELFFile(bytes, candidates: candidates, budget: budget)
        {
            let known = images.count
            let biases = mappings.filter(\.isExecutable).prefix(64).compactMap {
                elf.loadBias(ofCodeAt: $0.start, offset: $0.fileOffset)
            }
            add(elf, file, mappings, Array(Set(biases)).sorted())
            if images.count > known { return }
        }
        guard mappings.contains(where: \.isExecutable),
            let image = Image(
                path: file.path, buildID: file.buildID.map(hexadecimal), mappings: mappings)
        else { return }
        images.append(image)
    }

    /// Adds the library that the kernel puts into every process; its bytes are in the capture.
    mutating func addVirtualLibrary(_ mapping: Mapping) {
        guard let size = Int(exactly: mapping.size),
            let bytes = memory.copy(Address(mapping.start), count: size)
        else { return }
        do {
            let elf = try ELFFile(ImageBytes(copying: bytes))
            guard let bias = elf.loadBias(ofCodeAt: mapping.start, offset: 0),
                let image = Image(
                    file: elf, path: mapping.path, loadBias: bias, mappings: [mapping])
            else { return }
            images.append(image)
        } catch {
            gaps.append(
                Gap(
                    .symbols(of: mapping.path), address: Address(mapping.start),
                    reason: .noSymbols, detail: error.description))
        }
    }
}
