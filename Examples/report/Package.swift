// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "report",
    dependencies: [.package(name: "asyncattach", path: "../..")],
    targets: [
        .executableTarget(
            name: "report",
            dependencies: [
                .product(name: "AttachCore", package: "asyncattach"),
                .product(name: "AttachReport", package: "asyncattach"),
            ])
    ]
)
