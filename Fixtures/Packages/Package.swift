// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "BusyPrograms",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
    ],
    targets: [
        .executableTarget(
            name: "HTTPServer",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], exclude: ["Support/fixture.h"]),
        .executableTarget(
            name: "Pipeline",
            dependencies: [.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")],
            exclude: ["Support/fixture.h"]),
    ]
)
