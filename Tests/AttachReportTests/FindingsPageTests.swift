import AttachReport
import Testing

/// `docs/findings.md` says what the program says. Set `UPDATE_GOLDEN` to write it anew.
@Suite struct FindingsPageTests {
    private static let opening = """
        # What the verdict says

        <!-- Made from Sources/AttachReport/Rendering/Explanations. To make it anew:
             UPDATE_GOLDEN=1 scripts/test --filter FindingsPage -->

        Each finding has a kind, which `asyncattach explain KIND` explains in the same words, and
        says how sure it is:

        | | |
        |---|---|
        | `proven` | It follows from one consistent picture of the process. |
        | `likely` | It was watched, and nothing of it moved for as long as `--patience` says: 5 s for `check`, 1 s for the page, unless you say otherwise. The evidence says for how long. |
        | `hint` | It looks like it. A healthy process can look the same. |

        Who is stuck behind something else is counted there, and is no finding of its own.

        ## Slow is not stuck

        Only a suspicion costs time: a process that shows none gets its answer at once, and watching \
        ends as soon as everything suspected has moved. `likely` therefore means: unmoved for that \
        long. A service whose single steps may take longer than 5 s needs more patience: `check \
        --patience 30s`. To be sure that a restart is right, look twice.

        These look like trouble and are no more than a hint, however long they are watched:

        - A thread that sleeps, and wakes within a minute, but not while it is watched; and any \
        other wait whose time-out ends within 10 s: a turn of work that comes every few seconds. \
        One that sleeps for longer, or goes on standing after its time, is `likely` stuck.
        - Leader and followers: threads that run the same code, of which one has a lock and waits \
        for input, while the others wait for the lock. If somebody else needs the lock too, or one \
        of them runs a task, it is a lock that is held.
        - A mutex as a semaphore: a thread waits for a mutex that it has itself, or whose owner has \
        nothing to do, until another thread unlocks it. If that holds up anybody else, or the first \
        thread of the process, it is a deadlock or a lock that is held.
        - A cancelled task whose continuation a thread or task refers to that works, or that sleeps \
        for a time: it may be resumed yet.


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
