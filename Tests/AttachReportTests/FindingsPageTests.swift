import AttachReport
import Testing

/// `docs/findings.md` says what the program says. Set `UPDATE_GOLDEN` to write it anew.
@Suite struct FindingsPageTests {
    private static let opening = """
        # What the verdict says

        <!-- Made from Sources/AttachReport/Diagnosis/Rules. To make it anew:
             UPDATE_GOLDEN=1 scripts/test --filter FindingsPage -->

        Each finding has a kind, which `asyncattach explain KIND` explains in the same words, and
        says how sure it is:

        | | |
        |---|---|
        | `proven` | It follows from one consistent picture of the process. |
        | `likely` | A second look, a moment later, found that nothing of it had moved. Healthy processes do not look like this, as far as we know. |
        | `hint` | It looks like it in one picture. A healthy, busy process can look the same. |

        Who is stuck behind something else is counted there, and is no finding of its own.


        """

    @Test func page() {
        var page = Self.opening
        for kind in Finding.Kind.allCases {
            let text = Explanation.of(kind)
            page += """
                ## `\(kind.rawValue)`: \(text.title.prefix(1).lowercased())\(text.title.dropFirst())

                **What it means.** \(text.meaning)

                **How to make sure.** \(text.makingSure)

                **How it is mended.** \(text.mending)


                """
        }
        page.removeLast()
        let path = Files.repository + "/docs/findings.md"
        if Files.environment(has: "UPDATE_GOLDEN") {
            #expect(Files.write(Array(page.utf8), to: path))
        }
        #expect(page == Files.read(path).map { String(decoding: $0, as: UTF8.self) })
    }
}
