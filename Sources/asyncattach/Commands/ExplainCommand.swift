import ArgumentParser
import AttachReport

/// `asyncattach explain [KIND]`: what a finding means.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a kind of finding means, how to make sure, and how it is mended.",
        discussion: "Without a kind it lists them. It looks at no process.")

    @Argument(help: ArgumentHelp("The kind, as the verdict names it.", valueName: "kind"))
    var kind: String?

    func run() throws {
        let text: String
        if let kind {
            let words = Finding.Kind.allCases.map(\.rawValue)
            guard let known = Finding.Kind(rawValue: kind.lowercased()) else {
                let guess = Similarity.nearest(to: kind.lowercased(), of: words)
                ErrorMessage.print(
                    "there is no finding called \(kind)"
                        + (guess.map { "; did you mean \($0)?" }
                            ?? "; `asyncattach explain` lists them"))
                throw ExitCode(ExitStatus.usage.rawValue)
            }
            text = ExplanationPage.page(on: known)
        } else {
            text = ExplanationPage.list()
        }
        var sink = DescriptorSink(1)
        do {
            try sink.write(Array(text.utf8).span)
        } catch {
            ErrorMessage.print(error.words)
            throw ExitCode(ExitStatus.output.rawValue)
        }
    }
}
