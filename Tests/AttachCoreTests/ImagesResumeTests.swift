import AttachReport
import Glibc
import Testing

@testable import AttachCore

/// Lines of the places where suspended functions go on.
@Suite struct ResumeLineTests {
    private static let source = """
        func settle() async {
            await withUnsafeContinuation { (c: UnsafeContinuation<Void, Never>) in
                c.resume()
            }
        }
        @inline(never) func leaf(_ n: Int) async -> Int {
            if n > 3 { await settle() }
            let doubled = n * 2
            await Task.yield()
            print(doubled)
            return doubled
        }
        @inline(never) func caller(_ n: Int) async -> Int {
            print("first")
            let one = await leaf(n)
            print("second")
            let two = await leaf(
                n + 1)
            return one + two
        }
        @main struct Main {
            static func main() async {
                print(await caller(CommandLine.arguments.count))
                shape { await generic(1, $0) }
                shape { await generic("", $0) }
                shape { await other($0) }
                await Home.shared.enter(3)
            }
        }
        @inline(never) func shape(_ body: @escaping @Sendable (Int) async -> Void) {
            Task.detached { await body(1) }
        }
        @inline(never) func generic<Value: Sendable>(_ value: Value, _ n: Int) async {
            await settle()
            print(n, value)
        }
        @inline(never) func other(_ n: Int) async {
            await settle()
            print(n)
        }
        actor Home {
            static let shared = Home()
            var count = 0
            func enter(_ n: Int) async {
                count += n
                await settle()
                count -= n
                print(count)
            }
        }
        """

    /// Whether the name ends in `TQ<number>_`.
    private static func isAwait(_ name: String) -> Bool { isPiece(name, "TQ") }

    private static func isPiece(_ name: String, _ kind: String) -> Bool {
        guard name.hasSuffix("_") else { return false }
        let rest = name.utf8.dropLast().reversed().drop { (48...57).contains($0) }
        return rest.starts(with: kind.utf8.reversed())
    }

    @Test(arguments: ["-Onone", "-O"])
    func areThoseOfTheAwait(optimization: String) throws {
        let base = "/tmp/asyncattach-resume-\(getpid())\(optimization)"
        let input = base + ".swift"
        defer { for path in [base, input] { _ = unsafe unlink(path) } }
        let descriptor = unsafe open(input, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        let text = Array(Self.source.utf8)
        #expect(unsafe write(descriptor, text, text.count) == text.count)
        close(descriptor)
        _ = try #require(
            Oracle.run(
                "\(Oracle.toolchain)/swiftc",
                [
                    "-parse-as-library", "-module-name", "resume", "-g", optimization, input, "-o",
                    base,
                ], input: ""))
        let loaded = try #require(LoadedFile(base))
        var points: [CodeAddress] = []
        SymbolTable.tables(of: loaded.file).first?.forEach { entry in
            let name = entry.type == 2 ? loaded.name(entry) : ""
            if name.hasPrefix("$s6resume"), Self.isAwait(name) || Self.isPiece(name, "TY") {
                let address = Address(entry.value &+ LoadedFile.bias)
                points.append(CodeAddress(address: address, kind: .asyncResumePoint))
            }
            return true
        }
        var symbolizer = Symbolizer(images: loaded.table)
        let frames = symbolizer.frames(for: Set(points))
        var lines: [String: Set<Int>] = [:]
        var hops: [String: Set<Int>] = [:]
        for point in points {
            let frame = try #require(frames[point]?.last)
            #expect(frame.symbolOffset == 0)
            let name = frame.function ?? "?"
            if let symbol = frame.symbol, Self.isPiece(symbol, "TY") {
                if let line = frame.location?.line { hops[name, default: []].insert(line) }
                continue
            }
            // A forwarder to a specialised copy stands for no line.
            if let line = frame.location?.line { lines[name, default: []].insert(line) }
        }
        #expect(lines["leaf(_:)"] == [7, 9])
        #expect(lines["caller(_:)"] == [15, 17])
        #expect(lines["static Main.main()"] == [23, 27])
        #expect(lines["settle()"] == [2])
        // The compiler merges what these closures do after the wait into one function.
        for (number, line) in [(1, 24), (2, 25), (3, 26)] {
            #expect(lines["closure #\(number) in static Main.main()"] == [line])
        }
        #expect(lines["Home.enter(_:)"] == [46])
        // Where a function goes on after a change of executor is in the function itself.
        #expect(hops["Home.enter(_:)"]?.isEmpty == false)
        #expect(hops["Home.enter(_:)"]?.isSubset(of: [44, 45, 46, 47, 48]) == true)
        #expect(hops["leaf(_:)"]?.isSubset(of: Set(6...12)) ?? true)
        #expect(hops["caller(_:)"]?.isSubset(of: Set(13...20)) ?? true)
        #expect(hops["static Main.main()"]?.isSubset(of: Set(22...28)) ?? true)
    }
}
