import AttachReport

/// Makes images of mapped files, and notes what could not be read.
struct ImageBuilder {
    private let memory: TargetMemory
    /// In the order they were added.
    private(set) var images: [Image] = []
    /// What could not be read.
    var gaps: [Gap] = []

    init(memory: TargetMemory) { self.memory = memory }

    /// Adds an image for each place where code of `file` is loaded; usually there is one. A file
    /// that is no ELF file is none of ours.
    mutating func add(_ file: MappedFile, _ mappings: [Mapping]) {
        guard let descriptor = file.descriptor else { return addUnreadable(file, mappings) }
        let elf: ELFFile
        do {
            elf = try ELFFile(ImageBytes(mapping: descriptor))
        } catch .notELF, .notRegular, .empty {
            return
        } catch {
            gaps.append(
                Gap(
                    what: "symbols of \(file.path)", reason: .noSymbols, detail: error.description))
            return addUnreadable(file, mappings)
        }
        if let damage = elf.layout.damage {
            gaps.append(
                Gap(what: "symbols of \(file.path)", reason: .inconsistent, detail: damage))
        }

        var biases: [UInt64] = []
        for mapping in mappings where mapping.isExecutable {
            let bias = elf.loadBias(ofCodeAt: mapping.start, offset: mapping.fileOffset)
            if let bias, !biases.contains(bias), biases.count < 64 { biases.append(bias) }
        }
        for bias in biases {
            let loaded = mappings.filter {
                elf.isLoaded(at: $0.start, offset: $0.fileOffset, bias: bias)
            }
            if let mapped = identity(of: elf, loadedWith: bias), mapped != elf.buildID {
                gaps.append(
                    Gap(
                        what: "symbols of \(file.path)", reason: .noSymbols,
                        detail: "the file is not the one that was loaded (build ID differs)"))
                if let image = Image(
                    path: file.path, buildID: hexadecimal(mapped), mappings: loaded)
                {
                    images.append(image)
                }
                continue
            }
            if let image = Image(
                file: elf, path: file.path, loadBias: bias, mappings: loaded)
            {
                images.append(image)
            }
        }
    }

    /// The build ID in the target's own memory, where that was captured and the file has one at
    /// that place.
    private func identity(of file: ELFFile, loadedWith bias: UInt64) -> [UInt8]? {
        guard let address = file.buildIDAddress, let expected = file.buildID else { return nil }
        return memory.copy(Address(bias &+ address), count: expected.count)
    }

    /// An image that has a place and a name and nothing else.
    private mutating func addUnreadable(_ file: MappedFile, _ mappings: [Mapping]) {
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
                    what: "symbols of \(mapping.path)", address: Address(mapping.start),
                    reason: .noSymbols, detail: error.description))
        }
    }
}
