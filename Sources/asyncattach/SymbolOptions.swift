import ArgumentParser
import AttachCore

/// Where names and lines come from beside the mapped files: the same for every command that makes
/// a report.
struct SymbolOptions: ParsableArguments {
    @Option(
        name: .customLong("debug-dir"),
        help: ArgumentHelp(
            "Look for separate debug files in this folder, too; may be given several times.",
            valueName: "dir"),
        completion: .directory)
    var folders: [String] = []

    /// The same in the words of those who look.
    ///
    /// - Parameter seconds: What everything may take; a third of it is for servers.
    func debugFileOptions(readsLines: Bool, seconds: UInt32) -> DebugFileOptions {
        var options = DebugFileOptions()
        options.debuginfodPatience = Int64(seconds) * 1_000_000_000 / 3
        options.folders = folders
        options.readsLines = readsLines
        return options
    }
}
