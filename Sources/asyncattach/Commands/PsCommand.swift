import ArgumentParser
import AttachCore
import AttachReport
import Glibc

/// The formats of `ps`.
enum ListFormat: String, CaseIterable, ExpressibleByArgument {
    /// A table.
    case text
    /// One object.
    case json
    /// One object a line and process.
    case ndjson

    /// The same in the renderer's words.
    var form: ProcessListRenderer.Form {
        switch self {
        case .text: .table
        case .json: .json
        case .ndjson: .ndjson
        }
    }
}

/// `asyncattach ps`: whom one could look at.
struct PsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List the processes that carry a Swift runtime and can be attached to.",
        discussion: """
            No process is stopped, and no memory is read: the Swift version is what the program \
            files tell. Of a statically linked and stripped program they tell only that it is one; \
            asyncattach PID finds out the rest.

            Exit codes: 0 done, also if the list is empty; 2 done, but not all program files could \
            be looked into in time; 6 time-out; 64 usage; 70 asyncattach \
            itself failed; 74 the output could not be written.
            """)

    @Flag(
        help: """
            All processes, also those without Swift, and those that cannot be attached to, with \
            the reason.
            """)
    var all = false

    @Option(help: "The format of the list.")
    var format: ListFormat = .text

    @Option(help: "Give up after so many seconds.")
    var timeout: UInt32 = 60

    func validate() throws {
        if timeout == 0 { throw ValidationError("--timeout must be at least 1 second.") }
    }

    func run() throws {
        var deadlines = SupervisedChild.Deadlines()
        deadlines.total = Int64(timeout) * 1_000_000_000
        let status: ExitStatus
        do {
            let outcome = try SupervisedChild.run(deadlines: deadlines) { _ in list().rawValue }
            status = Supervision(subject: "the processes", isProcess: false, timeout: timeout)
                .status(outcome, interrupted: {})
        } catch {
            ErrorMessage.print(error.description)
            status = ExitStatus(error)
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    /// What the supervised child does.
    private func list() -> ExitStatus {
        let survey: ProcessSurvey
        do {
            survey = try ProcessSurvey.take()
        } catch {
            ErrorMessage.print(error.description)
            return ExitStatus(error)
        }
        SupervisedChild.confine(memoryBytes: 8 << 30, seconds: UInt64(timeout))
        // The rest of the time is for what was found out before, and for a file that takes long.
        let (processes, filesLeftOut) = ProcessLister.processes(
            of: survey, seconds: Double(timeout) / 2)
        if filesLeftOut > 0 {
            ErrorMessage.print(
                "\(filesLeftOut) program files were not looked into: there was too much to search, or "
                    + "too little time")
        }
        var shown = processes
        if !all {
            shown.removeAll { $0.failure != nil || $0.listing.runtime?.hasSwift != true }
        }
        var sink = DescriptorSink(1)
        do {
            try ProcessListRenderer(form: format.form, toolVersion: Tool.version).render(
                shown.map { process in
                    var listing = process.listing
                    listing.obstacle = process.failure?.brief
                    return listing
                }, into: &sink)
        } catch {
            if error != .write(errno: EPIPE) { ErrorMessage.print(error.words) }
            return .output
        }
        if !all, format == .text { printRemark(on: processes, isEmpty: shown.isEmpty) }
        return filesLeftOut > 0 ? .partial : .success
    }

    /// Why the list may be shorter than somebody expects.
    private func printRemark(on processes: [ListedProcess], isEmpty: Bool) {
        let hidden = processes.count { process in
            if case .zombie = process.failure { return false }
            return process.failure != nil
        }
        let others =
            hidden == 0
            ? nil : "\(hidden) more could not be looked at; `asyncattach ps --all` says why"
        if isEmpty {
            ErrorMessage.print(
                "no process that can be attached to carries a Swift runtime"
                    + (others.map { "; " + $0 } ?? ""))
        } else if let others {
            ErrorMessage.print(others)
        }
    }
}
