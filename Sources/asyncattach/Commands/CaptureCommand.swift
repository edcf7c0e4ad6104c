import ArgumentParser
import AttachCore
import AttachReport
import Glibc

/// `asyncattach capture TARGET -o FILE`: the picture itself, to be looked at later or elsewhere.
struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Copy a process into a small core file and let it run on.",
        discussion: """
            `asyncattach core FILE` reads it, and gdb and lldb do. It holds what the process had \
            written in memory, passwords and keys included, and is readable by you only; programs \
            and libraries are not in it.

            The process is stopped as long as for a report. If something in it looks stuck, it is \
            watched afterwards, for as long as --patience says and without being stopped again, \
            and the file says what has not moved: then `core` can tell what is likely. With \
            --patience 0 nothing is looked for, and the file is written at once.

            Exit codes: 0 done; 2 done, but something could not be read; 3 no such process; \
            4 not permitted; 5 not a 64-bit ELF program; 6 time-out; 64 usage; 70 asyncattach \
            itself failed; 74 the file could not be written.
            """)

    @OptionGroup var target: TargetOptions

    @Option(
        name: .shortAndLong, help: "Write to this file; it appears when it is complete.",
        completion: .file())
    var output: String

    func validate() throws {
        if target.targets.count > 1 { throw ValidationError("One process makes one core file.") }
    }

    func run() throws {
        if output == "-", isatty(1) == 1 {
            ErrorMessage.print("a core file is not for a terminal; give a file with --output")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        let file: OutputFile
        do {
            file = try OutputFile(path: output)
        } catch {
            ErrorMessage.print(error.words)
            throw ExitCode(ExitStatus.output.rawValue)
        }
        let descriptor = file.descriptor
        let unfinished = file.unfinished
        let patience = target.patience(default: 1)
        var status = capture(patience, to: descriptor) { unfinished.remove() }
        // What looks for suspicions reads foreign bytes. Should it fail, the copy matters more.
        if status == .fault, patience.nanoseconds > 0, lseek(descriptor, 0, SEEK_CUR) == 0 {
            ErrorMessage.print("once more, without looking for what is stuck (--patience 0)")
            status = capture(Patience(seconds: 0), to: descriptor) { unfinished.remove() }
        }
        if let failure = file.finish(keep: status.hasReport) {
            ErrorMessage.print(failure.words)
            status = .output
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    private func capture(
        _ patience: Patience, to descriptor: Int32, interrupted: () -> Void
    ) -> ExitStatus {
        target.each(
            target.options(patience: patience, readsLines: false), interrupted: interrupted
        ) { inspection throws(AttachError) in
            try inspection.runCapture { result in
                switch result {
                case .success(let capture): return write(capture, to: descriptor).rawValue
                case .failure(let error):
                    ErrorMessage.print(error.description)
                    return ExitStatus(error).rawValue
                }
            }
        }.status
    }

    private func write(_ capture: Capture, to descriptor: Int32) -> ExitStatus {
        var sink = DescriptorSink(descriptor)
        do throws(OutputFile.Failure) {
            try CoreWriter(capture).write(into: &sink)
        } catch {
            if error != .write(errno: EPIPE) { ErrorMessage.print(error.words) }
            return .output
        }
        for gap in capture.gaps {
            let detail = gap.detail.map { ": \($0)" } ?? ""
            ErrorMessage.print("not captured: \(gap.subject.phrase)\(detail)")
        }
        return capture.gaps.isEmpty ? .success : .partial
    }
}
