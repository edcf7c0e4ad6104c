import Glibc

/// Tasks that failed, each in another way, and one that is to be told of its cancellation.
enum Ends {
    enum Plain: Error { case first, second, third }
    enum Only: Error { case one }
    enum Loaded: Error { case text(String), nothing }
    struct Record: Error { var number: Int }
    enum Raw: Int, Error { case low = 100, high = 200 }

    nonisolated(unsafe) private static var failed: [Task<Void, any Error>] = []
    nonisolated(unsafe) private static var tasks: [Task<Void, Never>] = []

    static func enter() async {
        await fail(Plain.third, "Ends.Plain", "third")
        await fail(Plain.first, "Ends.Plain", "first")
        await fail(Only.one, "Ends.Only", "one")
        await fail(Raw.high, "Ends.Raw", "high")
        await fail(Loaded.text("no"), "Ends.Loaded", nil)
        await fail(Loaded.nothing, "Ends.Loaded", nil)
        await fail(Record(number: 2), "Ends.Record", nil)
        let task = Task.detached {
            await withTaskCancellationHandler {
                await Reentrance.elsewhere()
            } onCancel: {
                Held.touch()
            }
        }
        tasks.append(task)
        let object = TaskObject.of(task)
        while !object.isSuspended { await Task.yield() }
        Stage.say("handled", .number(object.id))
    }

    private static func fail(_ error: some Error, _ type: String, _ name: String?) async {
        let task = Task.detached { throw error }
        failed.append(task)
        let object = TaskObject.of(task)
        while !object.isComplete { await Task.yield() }
        var fact: JSON = ["task": .number(object.id), "type": .string(type)]
        if let name, case .object(let fields) = fact {
            fact = .object(fields + [("case", .string(name))])
        }
        Stage.say("failure", fact)
    }
}
