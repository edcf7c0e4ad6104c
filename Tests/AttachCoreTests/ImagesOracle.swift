import AttachReport
import Glibc

@testable import AttachCore

/// Other tools that know the answers.
enum Oracle {
    /// The toolchain's folder of programs, found beside the library that this test runs with.
    static let toolchain: String = {
        let path =
            OwnProcess().table.images.map(\.record.path)
            .first { $0.hasSuffix("/lib/swift/linux/libswiftCore.so") } ?? ""
        return path.dropLast("lib/swift/linux/libswiftCore.so".count) + "bin"
    }()

    /// Runs a program with this text on its standard input, and returns what it writes.
    static func run(_ path: String, _ arguments: [String], input: String) -> String? {
        guard let inputFile = scratchFile(), let outputFile = scratchFile() else { return nil }
        defer {
            close(inputFile)
            close(outputFile)
        }
        let text = Array(input.utf8)
        guard unsafe write(inputFile, text, text.count) == text.count else { return nil }
        lseek(inputFile, 0, SEEK_SET)

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, inputFile, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, outputFile, 1)
        var argv: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map {
            unsafe strdup($0)
        }
        unsafe argv.append(nil)
        defer { unsafe argv.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let failure = unsafe posix_spawn(&pid, path, &actions, nil, argv, environ)
        guard failure == 0 else { return nil }
        var status: Int32 = 0
        unsafe waitpid(pid, &status, 0)
        lseek(outputFile, 0, SEEK_SET)
        let output = OwnProcess.bytes(of: outputFile)
        return status == 0 ? String(decoding: output, as: UTF8.self) : nil
    }

    /// A file without a name.
    static func scratchFile() -> Int32? {
        var template = Array("/tmp/asyncattach-test-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&template)
        _ = unsafe unlink(template)
        return descriptor >= 0 ? descriptor : nil
    }

    /// What llvm-symbolizer says of addresses of a file: for each the functions there with their
    /// lines, innermost first.
    static func symbolize(
        _ file: String, _ addresses: [UInt64]
    ) -> [[(function: String, file: String, line: Int, column: Int)]]? {
        let input = addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n") + "\n"
        let output = run(
            "\(toolchain)/llvm-symbolizer",
            ["--obj=\(file)", "--inlines", "--functions=linkage", "--no-demangle"], input: input)
        guard let output else { return nil }
        var result: [[(function: String, file: String, line: Int, column: Int)]] = []
        var current: [(function: String, file: String, line: Int, column: Int)] = []
        var function: String?
        for line in output.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if !current.isEmpty { result.append(current) }
                current = []
            } else if let name = function {
                let parts = line.split(separator: ":", omittingEmptySubsequences: false)
                current.append(
                    (
                        name, parts.dropLast(2).joined(separator: ":"),
                        Int(parts[parts.count - 2]) ?? 0, Int(parts[parts.count - 1]) ?? 0
                    ))
                function = nil
            } else {
                function = String(line)
            }
        }
        return result
    }
}

/// A file as if it were loaded, at a made-up place.
struct LoadedFile {
    static let bias: UInt64 = 0x5500_0000_0000
    let path: String
    let file: ELFFile
    let table: ImageTable

    init?(_ path: String) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let opened = OpenFile(adopting: descriptor)
        guard let file = try? ELFFile(ImageBytes(mapping: descriptor)) else { return nil }
        self.path = path
        self.file = file
        let mapped = Self.mappings(of: file, path)
        table = ImageTable(
            capture: OwnProcess.capture(
                mapped,
                [MappedFile(path: path, device: 1, inode: 2, file: opened)],
                TargetMemory()))
    }

    /// What the kernel would map.
    static func mappings(of file: ELFFile, _ path: String) -> [Mapping] {
        file.layout.segments.filter { $0.type == ELFLayout.Segment.load && $0.fileSize > 0 }.map {
            let start = (bias &+ $0.address) & ~4095
            return Mapping(
                start: start, end: (bias &+ $0.address &+ $0.fileSize &+ 4095) & ~4095,
                isReadable: true, isWritable: $0.isWritable, isExecutable: $0.isExecutable,
                isShared: false, fileOffset: $0.offset & ~4095, device: 1, inode: 2, path: path)
        }
    }

    /// The name of an entry of the first symbol table.
    func name(_ entry: SymbolTable.Entry) -> String {
        SymbolTable.tables(of: file).first?.name(entry.name) ?? ""
    }

    /// `count` addresses spread over the functions of the file, always the same ones.
    func sample(_ count: Int, seed: UInt64 = 1) -> [UInt64] {
        var functions: [Range<UInt64>] = []
        SymbolTable.tables(of: file).first?.forEach { entry in
            if entry.mayBeFunction, entry.isDefined, entry.size > 0 {
                functions.append(entry.value..<entry.end)
            }
            return true
        }
        var state = seed
        return (0..<count).compactMap { _ in
            guard !functions.isEmpty else { return nil }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let function = functions[Int((state >> 33) % UInt64(functions.count))]
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return function.lowerBound
                + (state >> 33) % (function.upperBound - function.lowerBound)
        }
    }
}
