import CLinux
import Glibc

/// Which pages of a process hold something: present or swapped out, private, and not the shared
/// page of zeroes.
///
/// Only these are ever read. A page that was never touched reads as zero, and reading it from
/// outside would at best grow the target's page tables, at worst allocate memory in its name or
/// hang (userfaultfd).
struct ResidentPages: ~Copyable {
    private let pagemap: FileDescriptor
    private var ranges: [cl_page_range]
    private let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))

    /// Opens `pagemap`; nil where the kernel does not let us.
    init?(_ directory: borrowing ProcessDirectory, thread: Int32) {
        guard let file = try? directory.open("task/\(thread)/pagemap") else { return nil }
        pagemap = file
        ranges = [cl_page_range](repeating: cl_page_range(), count: 4096)
    }

    /// Runs of such pages within the wanted mappings, by address.
    mutating func runs(in mappings: [Mapping]) -> [Range<UInt64>] {
        var found: [Range<UInt64>] = []
        for span in Span.covering(mappings) {
            guard let part = scan(span) else { return readTable(mappings) }
            found += part
        }
        return Self.intersect(found, mappings)
    }

    /// A stretch of addresses that is looked at in one call.
    struct Span: Equatable {
        var range: Range<UInt64>
        /// Whether pages in it may belong to a file.
        var hasFile: Bool

        /// A call costs about as much as looking at so much of memory in vain.
        private static let largestGap: UInt64 = 256 << 10

        /// Few stretches that cover all mappings and not much else, by address.
        static func covering(_ mappings: [Mapping]) -> [Span] {
            var spans: [Span] = []
            for mapping in mappings {
                if let last = spans.last, last.hasFile == mapping.isFile,
                    mapping.start >= last.range.upperBound,
                    mapping.start - last.range.upperBound <= largestGap
                {
                    spans[spans.count - 1].range = last.range.lowerBound..<mapping.end
                } else {
                    spans.append(Span(range: mapping.range, hasFile: mapping.isFile))
                }
            }
            return spans
        }
    }

    /// Asks the kernel for ranges (Linux 6.7 and later); nil where it cannot tell.
    private mutating func scan(_ span: Span) -> [Range<UInt64>]? {
        // Only a page of a file-backed mapping can be the file's own.
        let unwanted = UInt64(
            span.hasFile ? CL_PAGE_FILE | CL_PAGE_ZERO : CL_PAGE_ZERO)
        var found: [Range<UInt64>] = []
        var position = span.range.lowerBound
        let end = span.range.upperBound
        while position < end {
            var next: UInt64 = 0
            let count = unsafe ranges.withUnsafeMutableBufferPointer { buffer -> Int in
                guard let base = buffer.baseAddress else { return -1 }
                return unsafe cl_pagemap_scan(
                    pagemap.number, position, end, unwanted, base, buffer.count, &next)
            }
            guard count >= 0 else { return nil }
            for range in ranges[..<count] where range.start < range.end {
                found.append(range.start..<range.end)
            }
            guard next > position else { break }
            position = next
        }
        return found
    }

    /// Reads the table itself, eight bytes a page (admin-guide/mm/pagemap.rst).
    private func readTable(_ mappings: [Mapping]) -> [Range<UInt64>] {
        var found: [Range<UInt64>] = []
        var entries = [UInt64](repeating: 0, count: 32 << 10)
        for mapping in mappings {
            var address = mapping.start
            while address < mapping.end {
                let wanted = min(Int((mapping.end - address) / pageSize), entries.count)
                let got = unsafe entries.withUnsafeMutableBytes { buffer in
                    unsafe pread(
                        pagemap.number, buffer.baseAddress, wanted * 8,
                        off_t(address / pageSize * 8))
                }
                guard got >= 8 else { break }
                for entry in entries[..<(got / 8)] {
                    if entry >> 62 != 0, entry & 1 << 61 == 0 {
                        if let last = found.last, last.upperBound == address {
                            found[found.count - 1] = last.lowerBound..<address + pageSize
                        } else {
                            found.append(address..<address + pageSize)
                        }
                    }
                    address += pageSize
                }
            }
        }
        return found
    }

    /// What two sorted lists have in common.
    static func intersect(_ ranges: [Range<UInt64>], _ mappings: [Mapping]) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        var index = 0
        for range in ranges {
            while index < mappings.count, mappings[index].end <= range.lowerBound { index += 1 }
            var current = index
            while current < mappings.count, mappings[current].start < range.upperBound {
                let part = range.clamped(to: mappings[current].start..<mappings[current].end)
                if let last = result.last, last.upperBound == part.lowerBound {
                    result[result.count - 1] = last.lowerBound..<part.upperBound
                } else if !part.isEmpty {
                    result.append(part)
                }
                current += 1
            }
        }
        return result
    }
}
