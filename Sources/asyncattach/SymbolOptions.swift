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
    func debugFileOptions(readsLines: Bool) -> DebugFileOptions {
        var options = DebugFileOptions()
        options.folders = folders
        options.readsLines = readsLines
        return options
    }
}
