import Dispatch
import Glibc

/// An actor that can be kept in many ways.
actor Desk {
    private var visits = 0

    func visit() { visits += 1 }

    func work(_ body: () -> Void) { body() }

    @inline(never)
    func sleep(_ me: Witness) {
        Cast.blocks(me, "holder", in: SystemCall.clockNanosleep)
        while true { usleep(1_000_000_000) }
    }

    @inline(never)
    func take(_ lock: PthreadLock, _ me: Witness) {
        Cast.blocks(me, "holder", in: SystemCall.futex, at: lock.address)
        lock.take()
    }

    @inline(never)
    func wait(_ semaphore: DispatchSemaphore, _ me: Witness) {
        Cast.blocks(me, "holder", in: SystemCall.futex)
        semaphore.wait()
    }

    func rest(_ me: Witness) async {
        me.rests(.sleep)
        try? await Task.sleep(for: .seconds(86_400))
        Held.touch()
    }

    func ask(_ other: Desk) async {
        await other.visit()
        Cast.turn()
    }

    /// What one must not do: block the thread until another actor has answered.
    @inline(never)
    func block(until other: Desk, _ name: String, _ meeting: Meeting, _ me: Witness) {
        let answered = DispatchSemaphore(value: 0)
        meeting.attend()
        Task.detached(name: "\(name)-asks") {
            let asker = Witness.enter("\(name)-asks")
            asker.queues(for: .actor)
            await other.visit()
            answered.signal()
        }
        Cast.blocks(me, name, in: SystemCall.futex)
        answered.wait()
    }

    /// What one should do.
    func askProperly(_ other: Desk, _ me: Witness) async {
        await other.visit()
        me.rests(.sleep)
        try? await Task.sleep(for: .seconds(86_400))
        Held.touch()
    }
}
