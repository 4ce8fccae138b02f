// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The rooms of the house, bottom-up: each imports only what stands above it. An arrow that is not written here does not
// compile (--explicit-target-dependency-import-check error), and `make lint` finds one that no import needs.

let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// A C library as a module map and a shim, found by pkg-config and installed by apt.
func library(_ name: String, pkgConfig: String, debian package: String) -> Target {
    .systemLibrary(
        name: name,
        path: "Sources/Libraries/\(name)",
        pkgConfig: pkgConfig,
        providers: [.apt([package])]
    )
}

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: [.byName(name: name)] + dependencies)
}

let package = Package(
    name: "keybell",
    products: [
        .executable(name: "keybelld", targets: ["keybelld"]),
        .executable(name: "keybell", targets: ["keybell"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        library("CDBus", pkgConfig: "dbus-1", debian: "libdbus-1-dev"),
        library("CLibSecret", pkgConfig: "libsecret-1", debian: "libsecret-1-dev"),
        library("COpenSSL", pkgConfig: "libcrypto", debian: "libssl-dev"),
        library("CLibPSL", pkgConfig: "libpsl", debian: "libpsl-dev"),
        library("CGLib", pkgConfig: "glib-2.0", debian: "libglib2.0-dev"),
        library("CPCRE2", pkgConfig: "libpcre2-8", debian: "libpcre2-dev"),
        library("CArgon2", pkgConfig: "libargon2", debian: "libargon2-dev"),
        library("CGcrypt", pkgConfig: "libgcrypt", debian: "libgcrypt20-dev"),
        library("CLibXML2", pkgConfig: "libxml-2.0", debian: "libxml2-dev"),
        library("CZlib", pkgConfig: "zlib", debian: "zlib1g-dev"),
        .systemLibrary(name: "CLinux", path: "Sources/Libraries/CLinux"),
        // For who packages it with a heap of his own: `KEYBELL_PLAIN_HEAP=1 swift build`.
        .target(
            name: "CWipingHeap",
            path: "Sources/Libraries/CWipingHeap",
            cSettings: Context.environment["KEYBELL_PLAIN_HEAP"] == nil
                ? [] : [.define("KEYBELL_PLAIN_HEAP")]
        ),

        room("Kernel", ["CLinux"]),
        room("UnicodeText", ["CGLib"]),
        room("Secrecy", ["COpenSSL", "UnicodeText"]),
        room("Ciphers", ["Secrecy", "COpenSSL", "CArgon2", "CGcrypt"]),
        room("PublicSuffixes", ["CLibPSL", "CGLib"]),
        room("DisplayText", ["CGLib", "PublicSuffixes", "UnicodeText"]),
        room("Patterns", ["CPCRE2"]),
        room("Gzip", ["CZlib"]),
        room("XMLTree", ["CLibXML2", "UnicodeText"]),
        room("DBus", ["CDBus", "DisplayText", "Kernel", "UnicodeText"]),
        room("SecretService", ["CLibSecret", "DBus", "Kernel", "Secrecy", logging]),
        room("KDBX", ["Ciphers", "Secrecy", "UnicodeText", "XMLTree", "Gzip"]),
        room("DerivationProcess", ["CLinux", "KDBX", "Kernel", "Secrecy"]),
        room("JSON", ["Secrecy", "UnicodeText"]),
        room("KeePassHTTP", ["Ciphers", "DisplayText", "JSON", "Secrecy", "UnicodeText"]),
        room(
            "Vault",
            [
                "Kernel", "Secrecy", "Ciphers", "DisplayText", "JSON", "PublicSuffixes", "Patterns",
                "UnicodeText",
            ]
        ),
        room(
            "Passwords",
            ["DisplayText", "SecretService", "Secrecy", "Kernel", "Vault", logging]
        ),
        room(
            "VaultStores",
            ["Vault", "Ciphers", "JSON", "KDBX", "Secrecy", "SecretService", "Kernel", logging]
        ),
        room("Callers", ["Kernel", "UnicodeText"]),
        room(
            "Clients",
            [
                "DisplayText", "SecretService", "KeePassHTTP", "Kernel", "Secrecy", "Ciphers", "UnicodeText",
                logging,
            ]
        ),
        room("Audit", ["DisplayText", "Kernel", logging]),
        room("Approval", ["Callers", "DisplayText", "Kernel", "PublicSuffixes", "UnicodeText"]),
        room(
            "Operations",
            [
                "KeePassHTTP", "Vault", "Clients", "Approval", "Audit", "Callers", "Ciphers", "DisplayText",
                "Kernel", "Secrecy", "SecretService", "UnicodeText", logging,
            ]
        ),
        room("SessionWatch", ["DBus", "Kernel", logging]),
        room("BusInterface"),
        room(
            "BusService",
            [
                "BusInterface", "DBus", "Approval", "Audit", "Callers", "Clients", "DisplayText", "Kernel",
                "SecretService", "Vault", logging,
            ]
        ),
        room("Notifier", ["DBus", "Approval", "Callers", "DisplayText", "Kernel", logging]),
        room(
            "HTTPServer",
            [
                "Callers", "Kernel", "Secrecy", "UnicodeText", hummingbirdCore, httpTypes, lifecycle, logging,
                nioCore, nioExtras, nioHTTP1, nioHTTPTypes, nioPosix, nioSSL,
            ]
        ),
        room(
            "Settings",
            [
                "Approval", "Ciphers", "DisplayText", "Kernel", "Operations", "UnicodeText", "Vault",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]
        ),
        room(
            "Daemon",
            [
                "Approval", "Audit", "BusInterface", "BusService", "Callers", "Clients", "DBus",
                "DerivationProcess", "DisplayText", "HTTPServer", "KeePassHTTP", "Kernel", "Notifier",
                "Operations", "Passwords", "Secrecy",
                "SecretService", "SessionWatch", "Settings", "Vault", "VaultStores", argumentParser,
                lifecycle, logging,
                nioPosix, unixSignals,
            ]
        ),
        room(
            "Console",
            [
                "Audit", "BusInterface", "Ciphers", "Clients", "DBus", "DerivationProcess", "DisplayText",
                "KDBX",
                "KeePassHTTP", "Kernel", "Operations", "Passwords", "Secrecy", "SecretService", "Settings",
                "UnicodeText", "Vault", argumentParser,
                asyncHTTPClient, logging, nioCore,
            ]
        ),
        .executableTarget(name: "keybelld", dependencies: ["Daemon", "CWipingHeap"]),
        .executableTarget(
            name: "keybell",
            dependencies: ["Console", "CWipingHeap", "DerivationProcess", "Kernel"]
        ),

        // Tests: a target per room, the built programs in EndToEndTests.
        .target(name: "TestSupport", dependencies: ["CLinux", "DBus"], path: "Tests/TestSupport"),
        tests(of: "Kernel"),
        tests(of: "Secrecy"),
        tests(of: "Ciphers", ["Secrecy"]),
        tests(of: "PublicSuffixes"),
        tests(of: "UnicodeText", ["TestSupport"]),
        tests(of: "DisplayText", ["TestSupport", "UnicodeText"]),
        tests(of: "Patterns"),
        tests(of: "Gzip"),
        tests(of: "XMLTree"),
        .testTarget(
            name: "KDBXTests",
            dependencies: ["KDBX", "Ciphers", "Gzip", "Secrecy", "TestSupport", "XMLTree"],
            exclude: ["Fixtures"]
        ),
        tests(of: "DerivationProcess", ["Ciphers", "KDBX", "Secrecy", "TestSupport", "keybelld"]),
        tests(of: "DBus", ["TestSupport"]),
        tests(of: "SecretService", ["DBus", "Secrecy", "TestSupport", logging]),
        tests(of: "JSON", ["Secrecy"]),
        tests(of: "KeePassHTTP", ["Ciphers", "JSON", "Secrecy", "TestSupport"]),
        tests(of: "Vault", ["Kernel", "Secrecy", "TestSupport"]),
        tests(
            of: "Passwords",
            ["DBus", "Kernel", "Secrecy", "SecretService", "TestSupport", "Vault", logging]
        ),
        .testTarget(
            name: "VaultStoresTests",
            dependencies: [
                "VaultStores", "Ciphers", "DBus", "KDBX", "Kernel", "Secrecy", "SecretService", "TestSupport",
                "Vault", logging,
            ],
            exclude: ["Fixtures"]
        ),
        tests(of: "Callers", ["Kernel", "TestSupport"]),
        tests(
            of: "Clients",
            [
                "Ciphers", "DBus", "DisplayText", "KeePassHTTP", "Secrecy", "SecretService", "TestSupport",
                logging,
            ]
        ),
        tests(of: "Audit", ["Kernel", "TestSupport", logging]),
        tests(of: "SessionWatch", ["DBus", "TestSupport", logging]),
        tests(of: "Approval", ["Callers", "DisplayText", "Kernel", "TestSupport"]),
        tests(
            of: "Operations",
            [
                "Approval", "Audit", "Callers", "Clients", "DisplayText", "KDBX", "KeePassHTTP", "Kernel",
                "Secrecy", "SecretService", "TestSupport", "Vault", "VaultStores", logging,
            ]
        ),
        tests(
            of: "BusService",
            [
                "Approval", "BusInterface", "Callers", "Clients", "DBus", "Kernel", "SecretService",
                "TestSupport",
                "Vault",
                logging,
            ]
        ),
        tests(of: "Notifier", ["Approval", "Callers", "DBus", "TestSupport", logging]),
        tests(
            of: "HTTPServer",
            [
                "Callers", "Ciphers", "Kernel", "Secrecy", "TestSupport", httpTypes, lifecycle, logging,
                nioCore,
                nioPosix, nioSSL,
            ]
        ),
        tests(of: "Settings", ["Approval", "Operations", "TestSupport", "Vault"]),
        tests(
            of: "Console",
            [
                "Audit", "BusInterface", "DBus", "DisplayText", "Secrecy", "SecretService", "TestSupport",
                argumentParser,
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Ciphers", "DBus", "KDBX", "KeePassHTTP", "Secrecy", "TestSupport", "keybell", "keybelld",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// `KEYBELL_TESTS="Vault Operations" swift test` builds and runs the tests of these rooms alone.
if let rooms = Context.environment["KEYBELL_TESTS"]?.split(separator: " ") {
    package.targets.removeAll { target in
        target.type == .test && !rooms.contains { target.name == $0 + "Tests" }
    }
}

// `make benchmark` asks for it; nobody else builds it.
if Context.environment["KEYBELL_BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "KeybellBenchmarks",
            dependencies: ["KDBX", "Kernel", "Secrecy", "Vault", "VaultStores", logging],
            path: "Benchmarks"
        )
    )
}

// `make fuzz` asks for it: built with libFuzzer's instrumentation and linked by lld, since gold can't.
if Context.environment["FUZZING"] != nil {
    package.targets.append(.systemLibrary(name: "CFuzzer", path: "Fuzz/CFuzzer"))
    package.targets.append(
        .executableTarget(
            name: "KeybellFuzzer",
            dependencies: [
                "Approval", "CDBus", "CFuzzer", "Callers", "Ciphers", "DBus", "HTTPServer", "KDBX",
                "KeePassHTTP",
                "Kernel", "Notifier", "Passwords", "Secrecy", "Settings", "Vault", "VaultStores", "XMLTree",
                httpTypes, nioCore, nioEmbedded, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1,
            ],
            path: "Fuzz/Fuzzer",
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
        )
    )
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
