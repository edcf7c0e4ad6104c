import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// What a report says of one program.
struct Look {
    let functions: [String]
    /// 0 where none is told.
    let lines: [Int]
    let image: ImageRecord
    let gaps: [Gap]
}

/// Names and lines out of other files than the one that runs, compared with what is known of the
/// program when it is whole.
@Suite(.timeLimit(.minutes(15))) struct DebugFileTests {
    /// Where a debug file may lie, below the folder of the program or below one of `--debug-dir`.
    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case beside = "program.debug"
        case hidden = ".debug/program.debug"
        case given = "given/other-name.debug"
        case givenBuildID = "given/.build-id"
        case givenBuildIDFolder = "given"
        case givenPath = "given/PATH/program.debug"
        case givenName = "given/program"

        var testDescription: String { rawValue }
        var isGiven: Bool { self != .beside && self != .hidden }

        func file(of program: borrowing BuiltProgram) throws -> String {
            switch self {
            case .givenBuildID, .givenBuildIDFolder: rawValue + "/" + (try program.buildIDName())
            case .givenPath: "given" + program.folder + "/program.debug"
            default: rawValue
            }
        }
    }

    private static func given(_ program: borrowing BuiltProgram) -> DebugFileOptions {
        var options = DebugFileOptions()
        options.folders = [program.folder + "/given"]
        return options
    }

    @Test(arguments: Place.allCases) func aDebugFileGivesNamesAndLines(place: Place) throws {
        let program = try BuiltProgram()
        let whole = try program.look()
        #expect(whole.functions == ["wait_here", "main"] && !whole.lines.contains(0))
        #expect(whole.image.symbols == .file && whole.image.debugFile == nil)
        let file = try place.file(of: program)
        // Packed sections are read as well as others.
        try program.strip(into: file, options: ["--compress-debug-sections=zlib"])
        let look = try program.look(place.isGiven ? Self.given(program) : DebugFileOptions())
        #expect(look.functions == whole.functions && look.lines == whole.lines)
        #expect(look.image.symbols == .debugFile)
        let path = try #require(look.image.debugFile?.path)
        #expect(path == program.folder + "/" + file)
        #expect(look.image.debugFile?.foundBy == (place.isGiven ? .debugFolder : .debugLink))
        #expect(look.gaps.isEmpty, "\(look.gaps)")
        if place.isGiven {
            #expect(try program.look().functions == ["?", "?"])
        }
    }

    /// The same name, the same source, another build: no name is better than a wrong one.
    @Test func aDebugFileOfAnotherBuildIsNotUsed() throws {
        let program = try BuiltProgram()
        let other = try BuiltProgram(["-Wl,--build-id=0x0123456789abcdef"])
        try program.strip(into: "program.debug")
        try program.run(
            "/usr/bin/objcopy",
            ["--only-keep-debug", other.whole, program.folder + "/program.debug"])
        let look = try program.look()
        #expect(look.functions == ["?", "?"] && look.image.debugFile == nil)
        // One without a build ID proves nothing, either.
        try program.run(
            "/usr/bin/objcopy",
            [
                "--only-keep-debug", "--remove-section=.note.gnu.build-id", program.whole,
                program.folder + "/program.debug",
            ])
        #expect(try program.look().functions == ["?", "?"])
    }

    @Test(arguments: [true, false])
    func withoutBuildIDsTheChecksumDecides(isSame: Bool) throws {
        let program = try BuiltProgram(["-Wl,--build-id=none"])
        try program.strip(into: "program.debug")
        if !isSame {
            let file = URL(fileURLWithPath: program.folder + "/program.debug")
            try (try Data(contentsOf: file) + [0]).write(to: file)
        }
        let look = try program.look()
        #expect(look.functions == (isSame ? ["wait_here", "main"] : ["?", "?"]))
        #expect((look.image.debugFile != nil) == isSame)
    }

    /// As distributions do it that ship the names of local functions only, and packed.
    @Test func localFunctionsMayLiePackedInTheProgram() throws {
        let program = try BuiltProgram()
        let mini = program.folder + "/mini"
        try program.run("/usr/bin/objcopy", ["-S", "-K", "wait_here", program.whole, mini])
        try program.run("/usr/bin/xz", [mini])
        try program.run("/usr/bin/strip", [program.whole, "-o", program.path])
        try program.run(
            "/usr/bin/objcopy", ["--add-section", ".gnu_debugdata=\(mini).xz", program.path])
        let look = try program.look()
        // `main` is in neither table.
        #expect(look.functions == ["wait_here", "?"] && look.lines == [0, 0])
        #expect(look.image.symbols == .miniDebugData)
    }

    @Test(arguments: [0, 1, 40, 200])
    func damagedPackedSymbolsAreNone(kept: Int) throws {
        let program = try BuiltProgram()
        let mini = program.folder + "/mini"
        try program.run("/usr/bin/objcopy", ["-S", "-K", "wait_here", program.whole, mini])
        try program.run("/usr/bin/xz", [mini])
        let packed = OwnProcess.bytes(mini + ".xz")
        try Data(packed.prefix(kept) + [0x2a]).write(to: URL(fileURLWithPath: mini + ".cut"))
        try program.run("/usr/bin/strip", [program.whole, "-o", program.path])
        try program.run(
            "/usr/bin/objcopy", ["--add-section", ".gnu_debugdata=\(mini).cut", program.path])
        let look = try program.look()
        #expect(look.functions == ["?", "?"] && look.image.symbols == .exported)
    }

    /// Whoever runs the target chooses what lies beside its program.
    @Test(arguments: ["fifo", "device", "folder", "loop", "magic link", "huge"])
    func whatLiesBesideTheProgramCannotHoldUsUp(kind: String) throws {
        let program = try BuiltProgram()
        try program.strip(into: "program.debug")
        let file = program.folder + "/program.debug"
        try FileManager.default.removeItem(atPath: file)
        switch kind {
        case "fifo": try #require(unsafe mkfifo(file, 0o600) == 0)
        case "device": try #require(unsafe symlink("/dev/zero", file) == 0)
        case "folder": try #require(unsafe mkdir(file, 0o700) == 0)
        case "loop": try #require(unsafe symlink("program.debug", file) == 0)
        case "huge":
            let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            #expect(ftruncate(descriptor, 1 << 42) == 0)
            close(descriptor)
        default: try #require(unsafe symlink("/proc/self/fd/0", file) == 0)
        }
        let look = try program.look()
        #expect(look.functions == ["?", "?"] && look.image.debugFile == nil)
    }

    @Test func aFolderThatIsNotThereIsSaid() throws {
        let program = try BuiltProgram()
        var options = DebugFileOptions()
        options.folders = ["/no/such/folder"]
        let gaps = try program.look(options).gaps
        #expect(gaps.map(\.subject) == [.debugFolder("/no/such/folder")])
    }
}
