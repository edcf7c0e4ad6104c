/// Recognises the runtime's call that runs a job: of the job's `ResumeTask`, with its
/// `ResumeContext` in the register for async contexts.
enum ResumeCall {
    /// Whether such a call ends at a return address.
    static func ends(
        at address: UInt64, _ architecture: Architecture, _ reader: inout WordReader
    ) -> Bool {
        guard address > 32, let last = reader.word(address &- 8),
            let first = reader.word(address &- 16)
        else { return false }
        switch architecture {
        case .x86_64:
            return isCall(
                [first, last].flatMap { word in
                    (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
                })
        case .aarch64:
            return isCall(
                [first, last].flatMap { word in
                    [UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32)]
                })
        }
    }

    /// Whether 16 bytes of x86_64 code end in `mov 64(task), %r14; call *56(task)`.
    private static func isCall(_ bytes: [UInt8]) -> Bool {
        // call *disp8(reg): ff /2 with an 8-bit displacement; a base of r12 takes one byte more.
        guard bytes[15] == UInt8(JobLayout.resume),
            (bytes[13] == 0xff && bytes[14] & 0xf8 == 0x50 && bytes[14] & 7 != 4)
                || (bytes[12] == 0xff && bytes[13] == 0x54)
        else { return false }
        // mov disp8(reg), %r14: REX.WR 8b /r, r14 being register 6 with the REX bit.
        return (0..<10).contains { index in
            bytes[index] & 0xfe == 0x4c && bytes[index + 1] == 0x8b
                && bytes[index + 2] & 0xf8 == 0x70
                && (bytes[index + 3] == UInt8(JobLayout.context)
                    || (bytes[index + 2] & 7 == 4 && bytes[index + 4] == UInt8(JobLayout.context)))
        }
    }

    /// Whether four words of aarch64 code end in `ldp xN, x22, [task, #56]; blr xN`, with room for
    /// two others between; the two fields are neighbours.
    private static func isCall(_ words: [UInt32]) -> Bool {
        guard let call = words.last, call & 0xffff_fc1f == 0xd63f_0000 else { return false }
        let field = UInt32(JobLayout.resume / 8) << 15
        let context = UInt32(Architecture.aarch64.asyncContextIndex) << 10
        return words.dropLast().contains {
            $0 & 0xffff_fc00 == 0xa940_0000 | field | context && $0 & 0x1f == call >> 5 & 0x1f
        }
    }
}
