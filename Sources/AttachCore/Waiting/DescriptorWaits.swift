import AttachReport

/// What threads wait for that read, write or watch descriptors.
struct DescriptorWaits {
    /// Where sets of descriptors lie.
    let memory: TargetMemory
    /// What the descriptors are.
    let found: [Int32: OpenDescriptor]

    /// What a thread waits for in a call, and for how long; nil for a call that has to do with no
    /// descriptor.
    func wait(
        of thread: CapturedThread, in call: SystemCall
    ) -> (wait: ThreadWait, timeout: Timeout?)? {
        guard let numbers = DescriptorArguments.descriptors(of: call, in: memory) else {
            return nil
        }
        let timeout = timeout(of: call, thread.registers)
        // To poll nothing is an old way to sleep; a set that could not be read is another matter.
        // Without end it is how to wait for a signal where there is no `pause` (aarch64).
        if isEmptySet(call) {
            return (ThreadWait(kind: timeout == nil ? .signal : .sleep), timeout)
        }
        var records: [DescriptorRecord] = []
        for number in numbers {
            guard let open = found[number], !thread.hasMovedOn else {
                records.append(DescriptorRecord(number: number, kind: .other))
                continue
            }
            records.append(open.record)
            for member in open.members where !numbers.contains(member) {
                if let record = found[member]?.record { records.append(record) }
            }
        }
        return (ThreadWait(kind: .descriptor, descriptors: records), timeout)
    }

    private func isEmptySet(_ call: SystemCall) -> Bool {
        switch call.name {
        case "poll", "ppoll": call.arguments[1] == 0
        case "select", "pselect6": call.arguments[1...3].allSatisfy { $0 == 0 }
        default: false
        }
    }

    private func timeout(of call: SystemCall, _ registers: RegisterSet?) -> Timeout? {
        let arguments = call.arguments
        switch call.name {
        case "poll": return milliseconds(arguments[2])
        case "epoll_wait", "epoll_pwait": return milliseconds(arguments[3])
        case "epoll_pwait2":
            return arguments[3] == 0 ? nil : .relative(at: Address(arguments[3]))
        case "select": return arguments[4] == 0 ? nil : .elapsing
        // The kernel writes what is left when a call is interrupted (fs/select.c,
        // poll_select_finish), which our own stop does.
        case "ppoll": return arguments[2] == 0 ? nil : .remainder(at: Address(arguments[2]))
        case "pselect6": return arguments[4] == 0 ? nil : .remainder(at: Address(arguments[4]))
        case "recvfrom", "recvmsg", "recvmmsg", "accept", "accept4", "sendto", "sendmsg", "read",
            "write", "connect":
            // Interrupted, a call on a socket with a time-out is not restarted but fails (socket(7),
            // SO_RCVTIMEO): with -EINTR.
            return registers?.systemCallResult == -4 ? .elapsing : nil
        default: return nil
        }
    }

    /// A time-out in milliseconds, of which only the beginning is not known; negative for none.
    private func milliseconds(_ argument: UInt64) -> Timeout? {
        let milliseconds = Int32(truncatingIfNeeded: argument)
        return milliseconds < 0 ? nil : .within(Int64(milliseconds) * 1_000_000)
    }
}
