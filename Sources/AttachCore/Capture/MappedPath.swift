/// The path of a mapped file as the kernel states it. Behind that of a file which bears its name no
/// more stands a mark; but a file may really be called so, too.
enum MappedPath {
    private static let mark = " (deleted)"

    /// The paths that may be meant, the likelier one first.
    static func names(_ path: String) -> [String] {
        path.hasSuffix(mark) ? [path, String(path.dropLast(mark.count))] : [path]
    }

    /// The part behind the last slash, without the mark.
    static func fileName(_ path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? path
        return last.hasSuffix(mark) && last != mark ? String(last.dropLast(mark.count)) : last
    }
}
