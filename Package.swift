// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is compiled with. Warnings are errors, and every unsafe
/// operation is spelled out, since most bytes we handle come from a process we do not trust.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// The order matters to a static link: libunwind's `_Unwind_*` must come after libgcc_eh's.
let unwindLibraries: [LinkerSetting] = [
    .linkedLibrary("unwind-x86_64", .when(platforms: [.linux])),
    .linkedLibrary("gcc_eh", .when(platforms: [.linux])),
    .linkedLibrary("unwind", .when(platforms: [.linux])),
    .linkedLibrary("lzma", .when(platforms: [.linux])),
]

let elfLibraries: [LinkerSetting] = [
    .linkedLibrary("dw", .when(platforms: [.linux])),
    .linkedLibrary("elf", .when(platforms: [.linux])),
    .linkedLibrary("lzma", .when(platforms: [.linux])),
    .linkedLibrary("bz2", .when(platforms: [.linux])),
    .linkedLibrary("z", .when(platforms: [.linux])),
]

let package = Package(
    name: "asyncattach",
    products: [
        .executable(name: "asyncattach", targets: ["asyncattach"]),
        .library(name: "AttachCore", targets: ["AttachCore"]),
        .library(name: "AttachReport", targets: ["AttachReport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "CUnwind", cSettings: [.define("_GNU_SOURCE")], linkerSettings: unwindLibraries),
        .target(name: "CElf", cSettings: [.define("_GNU_SOURCE")], linkerSettings: elfLibraries),
        .target(name: "CSwiftRuntime"),
        .target(name: "AttachReport", swiftSettings: strict),
        .target(
            name: "AttachCore",
            dependencies: ["CLinux", "CUnwind", "CElf", "CSwiftRuntime", "AttachReport"],
            swiftSettings: strict),
        .executableTarget(
            name: "asyncattach",
            dependencies: [
                "AttachCore", "AttachReport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["CLinux"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "AttachReportTests", dependencies: ["AttachReport"], swiftSettings: strict),
        .testTarget(
            name: "AttachCoreTests",
            dependencies: ["AttachCore", "AttachReport", "CLinux", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "AsyncAttachTests",
            dependencies: ["AttachReport", "CLinux", "TestSupport", "asyncattach"],
            swiftSettings: strict),
    ]
)
