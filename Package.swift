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

/// What the C targets need, in the one order that a static link accepts: libunwind defines
/// `_Unwind_*` too, so it must come after libgcc_eh, and a library before those it draws on. It
/// is one list of one target because the package manager drops what it has seen in another.
///
/// Debian's libunwind is for its own CPU alone, and it is x86_64 that needs it.
#if arch(x86_64)
    let unwindLibraries = ["unwind-x86_64", "gcc_eh", "unwind"]
#else
    let unwindLibraries: [String] = []
#endif
let nativeLibraries: [LinkerSetting] =
    (unwindLibraries + ["dw", "elf", "lzma", "bz2", "z", "zstd", "lz4"])
    .map { .linkedLibrary($0, .when(platforms: [.linux])) }

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
        .target(name: "CSearch"),
        .target(name: "CUnwind", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CSandbox", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CElf", dependencies: ["CSandbox"], cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "CCompression", dependencies: ["CSandbox"], cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CSwiftRuntime"),
        .target(name: "AttachReport", swiftSettings: strict),
        .target(
            name: "AttachCore",
            dependencies: [
                "CLinux", "CSandbox", "CSearch", "CUnwind", "CElf", "CCompression",
                "CSwiftRuntime", "AttachReport",
            ],
            swiftSettings: strict, linkerSettings: nativeLibraries),
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
            name: "AttachReportTests", dependencies: ["AttachReport"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "AttachCoreTests",
            dependencies: ["AttachCore", "AttachReport", "CLinux", "TestSupport"],
            exclude: ["Cores"], swiftSettings: strict),
        .testTarget(
            name: "AsyncAttachTests",
            dependencies: ["AttachReport", "CLinux", "TestSupport", "asyncattach"],
            swiftSettings: strict),
    ]
)
