import AttachReport

/// A place where debug files may be, and how they are laid out there (gdb manual, "Debugging
/// Information in Separate Files").
enum DebugFileFinder {
    /// A folder that the user named.
    case given(OpenFolder)
    /// The system's own.
    case system(OpenFolder)
    /// The folder of the mapped file.
    case beside(TargetRoot)
    /// The system's folder in the target's root, where that is another one than ours.
    case targetRoot(TargetRoot)

    /// Where distributions install them.
    static let systemFolder = "/usr/lib/debug"

    /// The files that are there, the likeliest first.
    func candidates(for request: DebugFileRequest) -> [DebugFileCandidate] {
        switch self {
        case .given(let folder):
            // A folder may also hold them as they are, or be a build-ID folder itself.
            let names =
                Self.names(for: request) + Self.names(byBuildIDOf: request, below: "")
                + Self.plainNames(for: request)
            return names.compactMap { Self.open($0, in: folder, .debugFolder) }
        case .system(let folder):
            return Self.names(for: request).compactMap { Self.open($0, in: folder, .system) }
        case .beside(let root):
            guard let link = request.link else { return [] }
            let paths = request.paths.flatMap { path in
                let folder = Self.folder(of: path)
                return [folder + link.name, folder + ".debug/" + link.name]
            }
            return paths.compactMap { Self.open($0, in: root, .debugLink) }
        case .targetRoot(let root):
            return Self.names(for: request).compactMap {
                Self.open(Self.systemFolder + "/" + $0, in: root, .targetRoot)
            }
        }
    }

    /// Where they are below a folder for debug files.
    private static func names(for request: DebugFileRequest) -> [String] {
        var names = names(byBuildIDOf: request, below: ".build-id/")
        if let link = request.link {
            names += request.paths.map { String(folder(of: $0).drop { $0 == "/" }) + link.name }
        }
        return names
    }

    private static func names(
        byBuildIDOf request: DebugFileRequest, below folder: String
    ) -> [String] {
        guard let id = request.buildID, id.count >= 2 else { return [] }
        let digits = hexadecimal(id)
        return ["\(folder)\(digits.prefix(2))/\(digits.dropFirst(2)).debug"]
    }

    private static func plainNames(for request: DebugFileRequest) -> [String] {
        guard let path = request.paths.first else { return [] }
        let name = MappedPath.fileName(path)
        guard name != ".", name != "..", !name.contains("/") else { return [] }
        return (request.link.map { [$0.name] } ?? []) + [name + ".debug", name]
    }

    /// The path up to its last slash.
    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "/" }
        return String(path[...slash])
    }

    private static func open(
        _ name: String, in folder: OpenFolder, _ way: DebugFileRecord.Way
    ) -> DebugFileCandidate? {
        folder.open(name).map {
            DebugFileCandidate(
                file: $0, record: DebugFileRecord(path: "\(folder.path)/\(name)", foundBy: way))
        }
    }

    private static func open(
        _ path: String, in root: TargetRoot, _ way: DebugFileRecord.Way
    ) -> DebugFileCandidate? {
        guard let file = try? root.open(path) else { return nil }
        return DebugFileCandidate(
            file: OpenFile(file), record: DebugFileRecord(path: path, foundBy: way))
    }
}
