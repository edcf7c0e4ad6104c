/// A Swift program that never uses concurrency: one thread, blocked in a read.
@main
enum NoTasks {
    static func main() {
        Fixture.bound()
        let tid = JSON.number(Threads.current)
        Fixture.emit(["thread": ["tid": tid, "name": "NoTasks", "syscall": 0]])
        Fixture.emit(["threads": 1])
        Fixture.emit(["tasks": 0])
        Fixture.converse()
    }
}
