import Glibc

/// One trouble a scenario, with a healthy twin: `Verdict SCENARIO [sick|healthy|busy]`.
///
/// Before `ready` it prints what a tool that looks from outside must say of it, each as one line
/// `{"verdict":{"kind":…,"subjects":[…],"affected":[…],"confidence":…,"besides":[…]}}`, or
/// `{"healthy":true}`.
@main
enum Verdict {
    typealias Story = @Sendable (Variant) async -> Void

    static let stories: [String: Story] = {
        var stories: [String: Story] = [:]
        for chapter in [
            Actors.stories, Locks.stories, Dispatching.stories, Continuations.stories,
            Ends.stories, Chains.stories, Labours.stories, Slow.stories,
        ] {
            stories.merge(chapter) { first, _ in first }
        }
        return stories
    }()

    static func main() async {
        Fixture.bound()
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first, let story = stories[name],
            let variant = Variant(rawValue: arguments.dropFirst().first ?? "sick")
        else {
            print("usage: Verdict SCENARIO [sick|healthy|busy], with SCENARIO one of")
            for name in stories.keys.sorted() { print("  \(name)") }
            fflush(nil)
            exit(64)
        }
        await story(variant)
        let me = Witness.enter("main")
        me.rests(.continuation)
        await withUnsafeContinuation { Held.hold($0) }
    }
}
