import Foundation
import Glibc
import TestSupport
import Testing

/// Files that are not where their names say, for users who may open what is mapped and for those
/// who may not.
@Suite(
    .timeLimit(.minutes(15)),
    .enabled(if: ForeignProgram.isPossible, "only root can mount, and play other users"))
struct ForeignFileTests {
    private static let functions = ["hidden_wait", "foreign_wait"]

    /// Where the files lie.
    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case ours
        case mountNamespace
        case changedRoot
        /// The lower file system is another one than the upper: stat(2) tells another device then
        /// than `maps` does.
        case overlay

        var testDescription: String { rawValue }

        func start(_ program: borrowing ForeignProgram) throws -> ChildProcess {
            switch self {
            case .ours: try program.start()
            case .mountNamespace:
                try program.start(
                    """
                    mkdir private
                    mount -t tmpfs none private
                    cp program libforeign.so private
                    cd private
                    """, namespaces: ["--mount"])
            case .changedRoot:
                try program.start(
                    """
                    for file in $(ldd program | grep -v foreign | grep -o ' */[^ ]*'); do
                        mkdir -p "root$(dirname "$file")"
                        cp "$file" "root$file"
                    done
                    mkdir -p root/opt
                    cp program libforeign.so root/opt
                    """,
                    // Without /proc the loader cannot tell where a program lies.
                    program: "env LD_LIBRARY_PATH=/opt "
                        + "chroot --userspec=65534:65534 root /opt/program")
            case .overlay:
                try program.start(
                    """
                    mkdir lower upper merged
                    mount -t tmpfs none lower
                    mount -t tmpfs none upper
                    mkdir upper/files upper/work
                    cp program libforeign.so lower
                    mount -t overlay none merged \\
                        -o lowerdir=lower,upperdir=upper/files,workdir=upper/work
                    cd merged
                    """, namespaces: ["--mount"])
            }
        }
    }

    @Test(arguments: Place.allCases, ToolUser.allCases)
    func filesAreFoundWhereTheTargetHasThem(place: Place, user: ToolUser) throws {
        let program = try ForeignProgram()
        let child = try place.start(program)
        let report = try ForeignReport(by: user, child.pid)
        #expect(report.status == 0 && report.gaps.isEmpty, "\(report.gaps)")
        #expect(report.functions == Self.functions)
        #expect(report.lines == [7, 9], "\(report.lines)")
    }

    /// What happens to the library while it is in use.
    enum Fate: String, CaseIterable, CustomTestStringConvertible {
        case replaced
        case deleted
        case fifo
        case device
        case link

        var testDescription: String { rawValue }

        func befall(_ program: borrowing ForeignProgram) throws {
            if self != .replaced { try #require(unsafe unlink(program.library) == 0) }
            switch self {
            case .replaced:
                try #require(unsafe rename(program.otherBuild, program.library) == 0)
            case .deleted: break
            case .fifo: try #require(unsafe mkfifo(program.library, 0o666) == 0)
            case .device:
                let null: dev_t = 1 << 8 | 3
                try #require(unsafe mknod(program.library, S_IFCHR | 0o666, null) == 0)
            case .link:
                try #require(unsafe symlink(program.otherBuild, program.library) == 0)
            }
        }

    }

    @Test(arguments: Fate.allCases, ToolUser.allCases)
    func whatRunsIsNamedOrNothingIs(fate: Fate, user: ToolUser) throws {
        let program = try ForeignProgram()
        let child = try program.start()
        try fate.befall(program)
        let report = try ForeignReport(by: user, child.pid)
        if user == .root {
            #expect(report.functions == Self.functions && report.status == 0, "\(report.gaps)")
        } else {
            // The stack is whole all the same: what is mapped of the file is read from memory.
            #expect(report.functions.count == 2 && report.functions[0] == "?")
            #expect(report.functions[1] != "wrong_wait_" && report.lines == [0, 0])
            #expect(report.status == 2)
            #expect(report.gaps.contains { $0.contains("libforeign.so") }, "\(report.gaps)")
        }
        // The build ID in memory leads to the right debug file.
        let helped = try ForeignReport(by: user, child.pid, ["--debug-dir", program.debugFolder])
        #expect(helped.functions == Self.functions)
        #expect(helped.lines == [7, 9], "\(helped.lines)")
    }

    /// The very library lies where a link out of the target's root would lead.
    @Test(arguments: ["absolute", "relative"], [ToolUser.limitedRoot, .nobody])
    func noLinkLeadsOutOfTheTargetsRoot(link: String, user: ToolUser) throws {
        let program = try ForeignProgram()
        let child = try Place.changedRoot.start(program)
        let inside = program.folder.path + "/root/opt/libforeign.so"
        let destination =
            link == "absolute" ? program.library : "../../../../.." + program.library
        try #require(unsafe unlink(inside) == 0 && symlink(destination, inside) == 0)
        let report = try ForeignReport(by: user, child.pid)
        #expect(report.functions.first == "?" && report.status == 2, "\(report.functions)")
    }

    @Test func bothPIDsAreToldOfAnotherNamespace() throws {
        let program = try ForeignProgram()
        // As root: a change of user forgets the wish to end with the parent.
        let launcher = try program.start(
            program: "$PWD/program",
            namespaces: ["--pid", "--mount", "--mount-proc", "--fork", "--kill-child"])
        let children = try String(
            contentsOfFile: "/proc/\(launcher.pid)/task/\(launcher.pid)/children", encoding: .utf8)
        let pid = try #require(Int32(children.split(separator: " ").first ?? ""))
        let page = try Tool.run(["\(pid)"])
        let first = try #require(page.output.split(separator: "\n").first)
        #expect(first.contains("pid \(pid) (1 in its namespace) program"), "\(first)")
        let report = try ForeignReport(by: .root, pid)
        let process = try #require(report.report["process"] as? [String: Any])
        #expect(process["pid"] as? Int32 == pid && process["namespacePIDs"] as? [Int] == [1])
        #expect(report.functions == Self.functions && report.status == 0, "\(report.gaps)")
    }
}
