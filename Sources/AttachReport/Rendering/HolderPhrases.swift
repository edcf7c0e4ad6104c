extension SnapshotIndex {
    /// What refers to a continuation, e.g. `stack of thread 4250 "x"` or `Listener object`.
    func phrase(of holder: Holder) -> PageText {
        switch holder {
        case .stack(let id): "stack of \(reference(toThread: id))"
        case .threadLocal(let id): "thread-local memory of \(reference(toThread: id))"
        case .register(let id): "a register of \(reference(toThread: id))"
        case .kernel: "the kernel"
        case .global(let image): "global variable in \(image)"
        case .frame(let id): "task \(id)'s frame"
        case .closureContext: "closure context"
        case .error: "error"
        case .storage(.array): "array storage"
        case .storage(.dictionary): "dictionary storage"
        case .storage(.set): "set storage"
        case .object(let type): "\(type) object"
        case .allocation(let address): "allocated memory at \(address)"
        case .mapping(let address, let file): "\(file ?? "memory") at \(address)"
        }
    }
}
