/// Circles in the wait graph.
enum Cycles {
    /// The shortest circle through the first node of each strongly connected part, as places in
    /// `arrows`, using only arrows that `isUsed`. Linear, and without recursion: chains in a
    /// target may be longer than our stack.
    static func find(
        in graph: WaitGraph, using isUsed: (WaitGraph.Arrow) -> Bool
    ) -> [[Int]] {
        let parts = parts(of: graph, using: isUsed)
        guard !parts.isEmpty else { return [] }
        // For each node, the first of its part and 1, and by which arrow it was reached.
        var partOf = [Int32](repeating: 0, count: graph.subjects.count)
        var cameBy = [Int](repeating: -1, count: graph.subjects.count)
        return parts.compactMap { shortest(in: graph, $0, &partOf, &cameBy, using: isUsed) }
    }

    /// The strongly connected parts that contain a circle (Tarjan), each in ascending order.
    private static func parts(
        of graph: WaitGraph, using isUsed: (WaitGraph.Arrow) -> Bool
    ) -> [[Int32]] {
        let count = graph.subjects.count
        // 0: not seen yet.
        var number = [Int32](repeating: 0, count: count)
        var lowest = [Int32](repeating: 0, count: count)
        var isOnStack = [Bool](repeating: false, count: count)
        var stack: [Int32] = []
        var path: [(node: Int32, next: Int)] = []
        var counter: Int32 = 0
        var found: [[Int32]] = []

        func enter(_ node: Int32) {
            counter += 1
            number[Int(node)] = counter
            lowest[Int(node)] = counter
            isOnStack[Int(node)] = true
            stack.append(node)
            path.append((node, graph.leaving(node).lowerBound))
        }

        func leave(_ node: Int32) {
            path.removeLast()
            if let above = path.last {
                lowest[Int(above.node)] = min(lowest[Int(above.node)], lowest[Int(node)])
            }
            guard lowest[Int(node)] == number[Int(node)] else { return }
            var part: [Int32] = []
            while let last = stack.popLast() {
                isOnStack[Int(last)] = false
                part.append(last)
                if last == node { break }
            }
            let isLoop = graph.leaving(node).contains {
                graph.arrows[$0].to == node && isUsed(graph.arrows[$0])
            }
            if part.count > 1 || isLoop { found.append(part.sorted()) }
        }

        for start in 0..<Int32(truncatingIfNeeded: count) where number[Int(start)] == 0 {
            // Most tasks wait for nobody.
            guard !graph.leaving(start).isEmpty else { continue }
            enter(start)
            while let (node, next) = path.last {
                guard next < graph.leaving(node).upperBound else {
                    leave(node)
                    continue
                }
                path[path.count - 1].next = next + 1
                let arrow = graph.arrows[next]
                guard isUsed(arrow) else { continue }
                if number[Int(arrow.to)] == 0 {
                    enter(arrow.to)
                } else if isOnStack[Int(arrow.to)] {
                    lowest[Int(node)] = min(lowest[Int(node)], number[Int(arrow.to)])
                }
            }
        }
        return found.sorted { $0[0] < $1[0] }
    }

    /// The shortest way from the first node of a part back to it.
    private static func shortest(
        in graph: WaitGraph, _ part: [Int32], _ partOf: inout [Int32], _ cameBy: inout [Int],
        using isUsed: (WaitGraph.Arrow) -> Bool
    ) -> [Int]? {
        guard let start = part.first else { return nil }
        // Parts share no node, so what one leaves behind in them another never reads.
        for node in part { partOf[Int(node)] = start + 1 }
        var queue = [start]
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            for place in graph.leaving(node) where isUsed(graph.arrows[place]) {
                let next = graph.arrows[place].to
                guard partOf[Int(next)] == start + 1, cameBy[Int(next)] < 0 else { continue }
                cameBy[Int(next)] = place
                if next == start { return way(to: start, cameBy, graph) }
                queue.append(next)
            }
        }
        return nil
    }

    private static func way(
        to start: Int32, _ cameBy: [Int], _ graph: WaitGraph
    ) -> [Int] {
        var way: [Int] = []
        var node = start
        while cameBy[Int(node)] >= 0, way.count <= cameBy.count {
            let place = cameBy[Int(node)]
            way.append(place)
            node = graph.arrows[place].from
            if node == start { break }
        }
        return way.reversed()
    }
}
