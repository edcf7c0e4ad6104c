// What the kernel writes about a process, names of the process's choice included.

import AttachReport

@testable import AttachCore

func fuzz(_ bytes: [UInt8]) {
    guard let kind = bytes.first else { return }
    let contents = Array(bytes.dropFirst())
    let text = String(decoding: contents, as: UTF8.self)
    switch kind % 8 {
    case 0:
        for mapping in Mapping.parse(contents) { precondition(mapping.start < mapping.end) }
    case 1: _ = ThreadStat(contents)
    case 2: _ = ProcessStatus(text)
    case 3:
        for architecture in [Architecture.x86_64, .aarch64] {
            _ = SystemCallReader.call(text: text, architecture)
        }
    case 4:
        _ = KernelReferences.eventData(Array(text.utf8))
        _ = KernelReferences.timerData(text)
        _ = KernelReferences.counterValue(text)
    case 5:
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        _ = OpenDescriptor(
            3, link: lines.first.map(String.init),
            information: lines.count > 1 ? String(lines[1]) : nil)
        _ = OpenDescriptor.socketInode(text)
    default:
        for kind in SocketTable.Kind.allCases {
            var table = SocketTable(kind, wanted: Set(0..<64))
            table.append(contents.prefix(contents.count / 2))
            table.append(contents.suffix(contents.count - contents.count / 2))
            precondition(table.names.count <= 64)
        }
    }
}
