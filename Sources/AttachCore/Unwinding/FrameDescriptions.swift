import AttachReport

/// The unwind information of all images, and where it describes code.
struct FrameDescriptions {
    let memory: TargetMemory
    let images: ImageTable
    private let architecture: Architecture
    private var tables: [Int: ExceptionFrameTable?] = [:]
    private var commons: [UInt64: CallFrameInformation.Common] = [:]

    /// Why a record is of no use, in words.
    struct Unusable: Error {
        var reason: String
    }

    init(_ target: Target) {
        memory = target.memory
        images = target.images
        architecture = target.architecture
    }

    /// The checked record that covers `pc`; nil where there is none.
    mutating func information(for pc: UInt64) throws(Unusable) -> CallFrameInformation? {
        guard let index = images.imageIndex(containing: Address(pc)),
            let record = table(index)?.record(for: pc, memory: memory)
        else { return nil }
        do {
            return try CallFrameInformation.read(
                record, covering: pc, memory: memory, architecture: architecture,
                commons: &commons)
        } catch {
            let what = "the unwind information for \(describe(pc))"
            switch error {
            case .unreadable: throw Unusable(reason: "\(what) was not captured")
            case .unusable(let reason): throw Unusable(reason: "\(what) \(reason)")
            }
        }
    }

    private mutating func table(_ index: Int) -> ExceptionFrameTable? {
        if let known = tables[index] { return known }
        let table = images.images[index].exceptionFrameHeader.flatMap {
            ExceptionFrameTable($0, memory: memory)
        }
        tables[index] = .some(table)
        return table
    }

    /// A place as a person can look it up: file and offset where it lies in one.
    func describe(_ pc: UInt64) -> String {
        guard let image = images.image(containing: Address(pc)) else {
            return "the code at \(Address(pc))"
        }
        let offset = image.fileAddress(Address(pc)) ?? pc &- image.record.baseAddress.value
        return "\(image.record.name)+\(Address(offset))"
    }

    /// Whether a call can return to `address`.
    func isCode(returningTo address: UInt64) -> Bool {
        address > 0 && images.isExecutable(Address(address - 1))
    }
}
