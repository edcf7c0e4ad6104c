import AttachCore
import AttachReport

// report PID [LOOKS]: what is wrong with a process, in a line a finding, as often as you like.
let numbers = CommandLine.arguments.dropFirst().compactMap { Int32($0) }
guard let pid = numbers.first else { fatalError("usage: report PID [LOOKS]") }
var session = Session(of: pid)
do {
    for _ in 0..<(numbers.dropFirst().first ?? 1) {
        let report = try session.look()
        let phrases = FindingPhrases(report.snapshot)
        for finding in report.findings {
            print(finding.kind.rawValue, phrases.message(of: finding))
        }
        print("\(report.snapshot.tasks.count) tasks, \(report.snapshot.threads.count) threads")
    }
} catch {
    print("no report: \(error)")
}
