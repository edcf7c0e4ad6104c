import AttachReport
import Glibc
import TestSupport

@testable import AttachCore

/// Stacks of a live process: ours, and those of debuggers.
enum UnwindOracle {
    /// A capture made ready for unwinding.
    struct Ready {
        let target: Target
        var capture: Capture { target.capture }
        var images: ImageTable { target.images }
        var memory: TargetMemory { target.memory }

        init(_ capture: Capture) {
            target = Target(capture, images: ImageTable(capture: capture))
        }

        /// The stack of every thread that has registers.
        func stacks(limit: Int = 100_000) -> [Int32: NativeStack] {
            var unwinder = Unwinder(target)
            var stacks: [Int32: NativeStack] = [:]
            for thread in capture.threads {
                guard let registers = thread.registers else { continue }
                stacks[thread.id] = unwinder.unwind(registers, limit: limit)
            }
            return stacks
        }
    }

    /// What gdb finds, without the frames that it makes of inlined and tail calls. A frame's
    /// address as gdb gives it is the pc.
    static func gdb(_ pid: Int32) throws -> [Int32: [UInt64]] {
        let script = """
            python
            for t in gdb.selected_inferior().threads():
                t.switch()
                f = gdb.newest_frame()
                out = []
                while f is not None and len(out) < 100000:
                    if f.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                        out.append("%x" % f.pc())
                    try: f = f.older()
                    except gdb.error: break
                print("STACK", t.ptid[1], " ".join(out))
            """
        var child = try ChildProcess(
            "/usr/bin/gdb",
            [
                "-nx", "-batch", "-iex", "set debuginfod enabled off", "-p", "\(pid)",
                "-ex", "set backtrace past-main on", "-ex", "set backtrace past-entry on",
                "-ex", script,
            ])
        var stacks: [Int32: [UInt64]] = [:]
        for line in child.readAll().split(separator: "\n") where line.hasPrefix("STACK ") {
            let words = line.split(separator: " ").dropFirst()
            if let id = words.first.flatMap({ Int32($0) }) {
                stacks[id] = words.dropFirst().compactMap { UInt64($0, radix: 16) }
            }
        }
        return stacks
    }

    /// What eu-stack finds.
    static func elfutils(_ pid: Int32) throws -> [Int32: [UInt64]] {
        var child = try ChildProcess("/usr/bin/eu-stack", ["-n", "0", "-p", "\(pid)"])
        var stacks: [Int32: [UInt64]] = [:]
        var id: Int32 = 0
        for line in child.readAll().split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if line.hasPrefix("TID ") {
                id = words.last.flatMap { Int32($0.dropLast()) } ?? 0
            } else if line.hasPrefix("#"), words.count > 1 {
                if let pc = UInt64(words[1].dropFirst(2), radix: 16) {
                    stacks[id, default: []].append(pc)
                }
            }
        }
        return stacks
    }

    /// Addresses as the debuggers print them.
    static func addresses(_ stack: NativeStack) -> [UInt64] {
        stack.frames.map(\.address.address.value)
    }
}
