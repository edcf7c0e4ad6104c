import Foundation
import Glibc
import Testing

/// A fixture program, started and ready: everything it tells of itself is parked and true.
package struct Fixture: ~Copyable {
    /// How a fixture is compiled, linked and stripped, in the words of scripts/build-fixtures.
    package struct Mode: RawRepresentable, Hashable, CustomTestStringConvertible, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        package static let debug = Mode(rawValue: "debug")
        package static let release = Mode(rawValue: "release")
        package static let releaseWithoutDebugInformation = Mode(rawValue: "release-nog")
        /// `release` with the Swift runtime inside.
        package static let `static` = Mode(rawValue: "static")
        /// Optimised, with the Swift runtime inside and without a symbol table.
        package static let stripped = Mode(rawValue: "stripped")

        /// The ways to compile; every fixture is built in all of them.
        package static let compiled: [Mode] = [.debug, .release, .releaseWithoutDebugInformation]

        package var isOptimised: Bool { !rawValue.hasPrefix("debug") }

        /// The mode of the program that this one was made of by stripping; nil for a whole one.
        package var unstripped: Mode? {
            if self == .stripped { return Mode(rawValue: "release-nog-static") }
            for end in ["-stripped", "-bare"] where rawValue.hasSuffix(end) {
                return Mode(rawValue: String(rawValue.dropLast(end.count)))
            }
            return nil
        }

        /// Whether the program says which line its code is from.
        package var hasLines: Bool {
            unstripped == nil && !rawValue.hasPrefix(Self.releaseWithoutDebugInformation.rawValue)
        }

        /// Whether the Swift code is in a library beside the program.
        package var isPlugin: Bool { rawValue.contains("-plugin") }

        package var testDescription: String { rawValue }
    }

    /// Why it is not there.
    package struct NotReady: Error, CustomStringConvertible {
        package let description: String
    }

    /// The running program.
    package var child: ChildProcess
    /// Everything that it said of itself, one object a line.
    package let facts: [[String: Any]]

    /// Starts a fixture and waits until it is ready.
    ///
    /// - Parameter launcher: A program with arguments that is to start it, if any. Then `pid` is
    ///   that program's.
    package init(
        _ name: String, mode: Mode = .release, _ arguments: [String] = [],
        launcher: [String] = []
    ) throws {
        let path = Self.path(name, mode)
        guard unsafe access(path, X_OK) == 0 else {
            throw NotReady(description: "\(path) is not built: run scripts/build-fixtures")
        }
        let words = (launcher.isEmpty ? Self.launcher : launcher) + [path] + arguments
        let started = try Self.start(name, words[0], Array(words.dropFirst()))
        self = started
    }

    private init(child: consuming ChildProcess, facts: [[String: Any]]) {
        self.child = child
        self.facts = facts
    }

    private static func start(
        _ name: String, _ path: String, _ arguments: [String]
    ) throws -> Fixture {
        var child = try ChildProcess(path, arguments)
        let facts = try readFacts(of: &child, name)
        return Fixture(child: child, facts: facts)
    }

    private static func readFacts(
        of child: inout ChildProcess, _ name: String
    ) throws -> [[String: Any]] {
        var facts: [[String: Any]] = []
        while true {
            guard let line = child.readLine(seconds: 60) else {
                throw NotReady(description: "\(name) ended or fell silent before it was ready")
            }
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let fact = object as? [String: Any] else { continue }
            if fact["ready"] as? Bool == true { return facts }
            facts.append(fact)
        }
    }

    /// Its pid.
    package var pid: Int32 { child.pid }

    /// What it said under a key, line by line.
    package func facts(_ key: String) -> [[String: Any]] {
        facts.compactMap { $0[key] as? [String: Any] }
    }

    /// A number that it said.
    package func number(_ key: String) -> Int? { facts.lazy.compactMap { $0[key] as? Int }.first }

    /// Sends a line and gives the object that it answers with.
    package mutating func ask(_ command: String) throws -> [String: Any] {
        child.send(command)
        guard let line = child.readLine(seconds: 60),
            let answer = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        else { throw NotReady(description: "no answer to \(command)") }
        return answer
    }

    /// The top of the package.
    package static let packageFolder: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The root that the fixtures belong into, if it is another one: that of a system with another
    /// Swift (scripts/runtime-matrix).
    package static let root = ProcessInfo.processInfo.environment["ASYNCATTACH_FIXTURE_ROOT"]

    private static let launcher: [String] =
        root.map { [packageFolder + "/scripts/runtime-matrix", "--enter", $0] } ?? []

    /// Where a fixture lies.
    package static func path(_ name: String, _ mode: Mode) -> String {
        folder + "/\(mode.rawValue)/\(name)"
    }

    package static var folder: String {
        ProcessInfo.processInfo.environment["ASYNCATTACH_FIXTURES"]
            ?? packageFolder + "/.build/fixtures"
    }
}
