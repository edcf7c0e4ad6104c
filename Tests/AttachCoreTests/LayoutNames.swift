@testable import AttachCore

/// The places that the fixture `Layouts` speaks of, by the names that it has for them.
struct LayoutNames {
    let layout: RuntimeLayout
    let dispatch: DispatchLayout

    /// A place: how far it is from the beginning of its object; nil where this version has none.
    struct Place {
        var offset: Int64?
        /// Whether it lies in one of a task's fragments, and is counted from there.
        var fragment: Fragment?
    }

    enum Fragment { case child, groupChild, future }

    private var task: [String: UInt64?] {
        typealias Job = JobLayout
        return [
            "job.link": Job.link, "job.queue": Job.queue, "job.flags": Job.flags,
            "job.identifier": Job.identifier, "job.resume": Job.resume,
            "job.context": Job.context, "task.status": layout.status,
            "task.records": layout.records, "task.lastAllocation": layout.lastAllocation,
            "task.firstSlab": layout.firstSlab, "task.identifierHigh": layout.identifierHigh,
            "task.basePriority": layout.basePriority, "task.dependency": layout.dependency,
        ]
    }

    private var records: [String: UInt64?] {
        typealias Record = StatusRecordLayout
        return [
            "record.flags": Record.flags, "record.outer": Record.outer,
            "record.firstChild": Record.firstChild, "record.executor": Record.executor,
            "record.name": Record.name, "record.dependent": Record.dependent,
            "record.dependencyKind": Record.dependencyKind,
            "record.dependencyTask": layout.dependencyTask,
            "group.firstChild": TaskGroupLayout.record + Record.firstChild,
            "group.lastChild": TaskGroupLayout.record + Record.lastChild,
            "group.status": layout.group.status,
            "slab.metadata": TaskAllocatorLayout.slabMetadata,
            "allocation.slab": TaskAllocatorLayout.slab,
        ]
    }

    private var objects: [String: UInt64?] {
        let actor = layout.actors[0]
        typealias Library = LibraryLayout
        typealias Metadata = MetadataLayout
        return [
            "object.isa": ObjectLayout.isa, "object.references": ObjectLayout.references,
            "object.firstField": ObjectLayout.firstField, "canary.task": Library.canaryTask,
            "canary.function": Library.canaryFunction, "stream.waiters": Library.streamWaiters,
            "array.count": Library.arrayCount, "array.elements": Library.arrayElements,
            "error.type": ErrorLayout.type, "error.value": ErrorLayout.value,
            "actor.flags": actor.flags, "actor.isRemote": actor.isRemote,
            "actor.incoming": actor.incoming, "actor.sorted": actor.sorted,
            "metadata.superclass": Metadata.superclass,
            "metadata.instanceSize": Metadata.instanceSize, "witnesses.size": Metadata.size,
            "witnesses.stride": Metadata.stride, "witnesses.flags": Metadata.flags,
        ]
    }

    private var others: [String: UInt64?] {
        let library = CLibraryLayout.glibc
        return [
            "mutex.word": library.mutex.word, "mutex.owner": library.mutex.owner,
            "mutex.kind": library.mutex.kind, "lock.writer": library.readWriteLock.writer,
            "lock.isShared": library.readWriteLock.isShared,
            "condition.references": library.condition.references,
            "queue.label": dispatch.label, "queue.target": DispatchLayout.target,
            "queue.head": DispatchLayout.head, "queue.tail": DispatchLayout.tail,
            "queue.state": DispatchLayout.state,
            "queue.serialNumber": DispatchLayout.serialNumber,
            "item.next": DispatchLayout.itemNext, "item.function": DispatchLayout.itemFunction,
            "item.context": DispatchLayout.itemContext,
        ]
    }

    private static let fragments: [String: (Fragment, UInt64)] = [
        "child.parent": (.child, TaskFragments.parent),
        "child.next": (.child, TaskFragments.nextChild),
        "groupChild.group": (.groupChild, TaskFragments.group),
        "future.waitQueue": (.future, TaskFragments.waitQueue),
        "future.resultType": (.future, TaskFragments.resultType),
        "future.error": (.future, TaskFragments.error),
    ]

    /// The place with a name; nil for a name that nobody knows.
    subscript(name: String) -> Place? {
        if let (fragment, offset) = Self.fragments[name] {
            return Place(offset: Int64(offset), fragment: fragment)
        }
        if name == "metadata.witnesses" {
            return Place(offset: -Int64(MetadataLayout.witnessesBefore))
        }
        for names in [task, records, objects, others] {
            if let offset = names[name] { return Place(offset: offset.map(Int64.init)) }
        }
        return nil
    }

    /// Where a fragment of a task with these flags lies.
    func offset(of fragment: Fragment, flags: JobFlags) -> Int64 {
        var offset = layout.taskSize
        if flags.contains(.hasInitialName) { offset += layout.nameFragmentSize }
        if fragment == .child { return Int64(offset) }
        if flags.contains(.isChild) { offset += layout.childFragmentSize }
        if fragment == .groupChild { return Int64(offset) }
        if flags.contains(.isGroupChild) { offset += TaskFragments.groupSize }
        return Int64(offset)
    }
}
