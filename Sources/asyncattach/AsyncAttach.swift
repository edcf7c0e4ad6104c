import ArgumentParser
import AttachCore

@main
struct AsyncAttach: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "asyncattach")
}
