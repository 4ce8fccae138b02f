// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The modules in their layers (docs/architecture.md): each imports only what stands above it. A dependency that is not
// written here does not compile (--explicit-target-dependency-import-check error), and `make lint` finds one that no
// import needs.

let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let tomlKit = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
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

func module(_ name: String, in layer: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)")
}

func tests(
    of name: String,
    excluding excluded: [String] = [],
    _ dependencies: [Target.Dependency] = []
) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name)] + dependencies,
        exclude: excluded
    )
}

let package = Package(
    name: "keybell",
    products: [
        .executable(name: "keybelld", targets: ["keybelld"]),
        .executable(name: "keybell", targets: ["keybell"]),
        .executable(name: "git-credential-keybell", targets: ["git-credential-keybell"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
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

        // Primitives
        module("UnicodeText", in: "Primitives", ["CGLib"]),
        module("SecureMemory", in: "Primitives", ["COpenSSL", "UnicodeText"]),
        module("JSON", in: "Primitives", ["SecureMemory", "UnicodeText"]),
        module("Ciphers", in: "Primitives", ["CArgon2", "CGcrypt", "COpenSSL", "SecureMemory"]),
        module("PublicSuffixes", in: "Primitives", ["CGLib", "CLibPSL"]),
        module("DisplayText", in: "Primitives", ["CGLib", "PublicSuffixes", "UnicodeText"]),
        module("SafeRegex", in: "Primitives", ["CPCRE2"]),
        module("Gzip", in: "Primitives", ["CZlib"]),
        module("XMLTree", in: "Primitives", ["CLibXML2", "UnicodeText"]),

        // Platform
        module("ConcurrencyTools", in: "Platform", ["CLinux", nioCore, nioPosix]),
        module("Linux", in: "Platform", ["CLinux", "ConcurrencyTools"]),
        module("DBus", in: "Platform", ["CDBus", "ConcurrencyTools", "DisplayText", "Linux", "UnicodeText"]),
        module(
            "SecretService",
            in: "Platform",
            [
                "CGLib", "CLibSecret", "ConcurrencyTools", "DBus", "Linux", "SecureMemory", logging,
            ]
        ),

        // Formats
        module("KDBX", in: "Formats", ["Ciphers", "Gzip", "SecureMemory", "UnicodeText", "XMLTree"]),
        module(
            "KeePassHTTP",
            in: "Formats",
            [
                "Ciphers", "DisplayText", "JSON", "SecureMemory", "UnicodeText",
            ]
        ),
        module("LoginExport", in: "Formats", ["SecureMemory", "UnicodeText"]),
        module("DerivationProcess", in: "Formats", ["CLinux", "KDBX", "Linux", "SecureMemory"]),

        // Domain
        module(
            "Vault",
            in: "Domain",
            [
                "Ciphers", "ConcurrencyTools", "DisplayText", "JSON", "PublicSuffixes", "SafeRegex",
                "SecureMemory", "UnicodeText",
            ]
        ),
        module(
            "Passwords",
            in: "Domain",
            [
                "ConcurrencyTools", "DisplayText", "Linux", "SecretService", "SecureMemory", "Vault",
                logging,
            ]
        ),
        module(
            "VaultStores",
            in: "Domain",
            [
                "Ciphers", "ConcurrencyTools", "JSON", "KDBX", "Linux", "SecretService", "SecureMemory",
                "UnicodeText", "Vault", logging,
            ]
        ),
        module(
            "Callers",
            in: "Domain",
            ["Ciphers", "ConcurrencyTools", "Linux", "SecureMemory", "UnicodeText"]
        ),
        module(
            "Clients",
            in: "Domain",
            [
                "Ciphers", "ConcurrencyTools", "DisplayText", "KeePassHTTP", "Linux", "SecretService",
                "SecureMemory", "UnicodeText", "Vault", logging,
            ]
        ),
        module(
            "Audit",
            in: "Domain",
            ["Ciphers", "ConcurrencyTools", "DisplayText", "JSON", "Linux", "SecureMemory", logging]
        ),
        module(
            "Approval",
            in: "Domain",
            [
                "Callers", "ConcurrencyTools", "DisplayText", "Linux", "PublicSuffixes", "UnicodeText",
                "Vault",
            ]
        ),
        module(
            "LoginImport",
            in: "Domain",
            ["Ciphers", "ConcurrencyTools", "Linux", "LoginExport", "SecureMemory", "Vault"]
        ),
        module(
            "Operations",
            in: "Domain",
            [
                "Approval", "Audit", "Callers", "Ciphers", "Clients", "ConcurrencyTools", "DisplayText",
                "KeePassHTTP", "Linux", "SecureMemory", "UnicodeText", "Vault", logging,
            ]
        ),

        // Interfaces
        module("SessionWatch", in: "Interfaces", ["ConcurrencyTools", "DBus", logging]),
        module("BusInterface", in: "Interfaces"),
        module(
            "BusService",
            in: "Interfaces",
            [
                "Approval", "Audit", "BusInterface", "Callers", "Clients", "ConcurrencyTools", "DBus",
                "DisplayText", "Linux", "LoginImport", "SecretService", "Vault", logging,
            ]
        ),
        module(
            "Notifier",
            in: "Interfaces",
            [
                "Approval", "BusInterface", "Callers", "ConcurrencyTools", "DBus", "DisplayText", logging,
            ]
        ),
        module(
            "HTTPServer",
            in: "Interfaces",
            [
                "Callers", "ConcurrencyTools", "JSON", "Linux", "Operations", "SecureMemory", "UnicodeText",
                lifecycle, logging, nioCore, nioExtras, nioHTTP1, nioPosix, nioSSL,
            ]
        ),
        module(
            "Settings",
            in: "Interfaces",
            [
                "Approval", "Ciphers", "DisplayText", "Linux", "Operations", "UnicodeText", "Vault",
                tomlKit,
            ]
        ),
        module(
            "Console",
            in: "Interfaces",
            [
                "Approval", "Audit", "BusInterface", "Ciphers", "Clients", "ConcurrencyTools", "DBus",
                "DerivationProcess", "DisplayText", "KDBX", "KeePassHTTP", "Linux", "LoginExport",
                "LoginImport", "Operations",
                "Passwords", "SecretService", "SecureMemory", "Settings", "UnicodeText", "Vault",
                "VaultStores", argumentParser, asyncHTTPClient, logging, nioCore,
            ]
        ),

        // Programs
        module(
            "Daemon",
            in: "Programs",
            [
                "Approval", "Audit", "BusInterface", "BusService", "Clients",
                "ConcurrencyTools", "DBus", "DerivationProcess", "DisplayText", "HTTPServer",
                "KeePassHTTP", "Linux", "Notifier", "Operations", "Passwords", "SecretService",
                "SecureMemory", "SessionWatch", "Settings", "Vault", "VaultStores", argumentParser,
                lifecycle, logging,
            ]
        ),
        .executableTarget(
            name: "keybelld",
            dependencies: ["Daemon", "CWipingHeap"],
            path: "Sources/Programs/keybelld"
        ),
        .executableTarget(
            name: "keybell",
            dependencies: ["CWipingHeap", "ConcurrencyTools", "Console", "DerivationProcess", "Linux"],
            path: "Sources/Programs/keybell"
        ),
        .executableTarget(
            name: "git-credential-keybell",
            dependencies: ["CWipingHeap", "ConcurrencyTools", "Console", "Linux"],
            path: "Sources/Programs/git-credential-keybell"
        ),

        // Tests: a target per module, the built programs in EndToEndTests.
        .target(name: "TestSupport", dependencies: ["CLinux", "DBus"], path: "Tests/TestSupport"),
        .target(name: "VaultTestSupport", dependencies: ["Vault"], path: "Tests/VaultTestSupport"),
        tests(of: "UnicodeText", ["TestSupport"]),
        tests(of: "SecureMemory"),
        tests(of: "LoginExport", ["SecureMemory"]),
        tests(of: "LoginImport", ["ConcurrencyTools", "Linux", "LoginExport", "SecureMemory", "Vault"]),
        tests(of: "JSON", ["SecureMemory"]),
        tests(of: "Ciphers", ["SecureMemory", "TestSupport"]),
        tests(of: "PublicSuffixes"),
        tests(of: "DisplayText", ["TestSupport", "UnicodeText"]),
        tests(of: "SafeRegex"),
        tests(of: "Gzip"),
        tests(of: "XMLTree"),
        tests(of: "ConcurrencyTools", ["CLinux", "Linux"]),
        tests(of: "Linux", ["CLinux", "ConcurrencyTools"]),
        tests(of: "DBus", ["TestSupport"]),
        tests(of: "SecretService", ["ConcurrencyTools", "DBus", "SecureMemory", "TestSupport", logging]),
        tests(
            of: "KDBX",
            excluding: ["Fixtures"],
            ["Ciphers", "Gzip", "SecureMemory", "TestSupport", "XMLTree"]
        ),
        tests(of: "KeePassHTTP", ["Ciphers", "JSON", "SecureMemory", "TestSupport"]),
        tests(of: "DerivationProcess", ["Ciphers", "KDBX", "SecureMemory", "TestSupport", "keybelld"]),
        tests(of: "Vault", ["ConcurrencyTools", "SecureMemory", "TestSupport", "VaultTestSupport"]),
        tests(
            of: "Passwords",
            [
                "ConcurrencyTools", "DBus", "Linux", "SecretService", "SecureMemory", "TestSupport",
                "Vault", logging,
            ]
        ),
        tests(
            of: "VaultStores",
            excluding: ["Fixtures"],
            [
                "Ciphers", "ConcurrencyTools", "DBus", "KDBX", "Linux", "SecretService", "SecureMemory",
                "TestSupport", "Vault", "VaultTestSupport", "XMLTree", logging,
            ]
        ),
        tests(of: "Callers", ["ConcurrencyTools", "Linux", "TestSupport"]),
        tests(
            of: "Clients",
            [
                "Ciphers", "ConcurrencyTools", "DBus", "DisplayText", "KeePassHTTP", "SecretService",
                "SecureMemory", "TestSupport", "Vault", logging,
            ]
        ),
        tests(of: "Audit", ["ConcurrencyTools", "Linux", "TestSupport", logging]),
        tests(of: "Approval", ["Callers", "DisplayText", "Linux", "TestSupport", "Vault"]),
        tests(
            of: "Operations",
            [
                "Approval", "Audit", "Callers", "Clients", "ConcurrencyTools", "DisplayText", "KDBX",
                "KeePassHTTP", "Linux", "SecretService", "SecureMemory", "TestSupport", "Vault",
                "VaultStores", logging, nioCore,
            ]
        ),
        tests(of: "SessionWatch", ["DBus", "TestSupport", logging]),
        tests(
            of: "BusService",
            [
                "Approval", "Audit", "BusInterface", "Callers", "Clients", "ConcurrencyTools", "DBus",
                "DisplayText", "Linux", "SecretService", "TestSupport", "Vault", logging,
            ]
        ),
        tests(
            of: "Notifier",
            ["Approval", "Callers", "ConcurrencyTools", "DBus", "DisplayText", "TestSupport", logging]
        ),
        tests(
            of: "HTTPServer",
            [
                "Callers", "Ciphers", "ConcurrencyTools", "Linux", "Operations", "SecureMemory",
                "TestSupport", lifecycle, logging, nioCore, nioEmbedded, nioHTTP1, nioPosix, nioSSL,
            ]
        ),
        tests(of: "Settings", ["Approval", "Operations", "TestSupport", "Vault"]),
        tests(
            of: "Console",
            [
                "Approval", "Audit", "BusInterface", "DBus", "DisplayText", "KDBX", "KeePassHTTP",
                "Operations", "SecretService", "SecureMemory", "Settings", "TestSupport", "Vault",
                argumentParser,
            ]
        ),
        tests(
            of: "Daemon",
            [
                "Approval", "Audit", "Callers", "ConcurrencyTools", "TestSupport", "Vault", lifecycle,
                logging,
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Ciphers", "ConcurrencyTools", "DBus", "KDBX", "KeePassHTTP", "Linux", "SecureMemory",
                "TestSupport", "git-credential-keybell", "keybell", "keybelld",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// `KEYBELL_TESTS="Vault Operations" swift test` builds and runs the tests of these modules alone.
if let modules = Context.environment["KEYBELL_TESTS"]?.split(separator: " ") {
    package.targets.removeAll { target in
        target.type == .test && !modules.contains { target.name == $0 + "Tests" }
    }
}

// `make benchmark` asks for it; nobody else builds it.
if Context.environment["KEYBELL_BENCHMARKS"] != nil {
    package.dependencies += [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ]
    package.targets += [
        .executableTarget(
            name: "KeybellBenchmarks",
            dependencies: [
                "KDBX", "Linux", "SecureMemory", "Vault", "VaultStores", logging,
            ],
            path: "Benchmarks/Opening"
        ),
        .executableTarget(
            name: "BareServer",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                lifecycle, logging, nioCore, nioPosix,
            ],
            path: "Benchmarks/BareServer"
        ),
    ]
}

// `make fuzz` asks for it: built with libFuzzer's instrumentation and linked by lld, since gold can't.
if Context.environment["FUZZING"] != nil {
    package.targets.append(.systemLibrary(name: "CFuzzer", path: "Fuzz/CFuzzer"))
    package.targets.append(
        .executableTarget(
            name: "KeybellFuzzer",
            dependencies: [
                "Approval", "CDBus", "CFuzzer", "Callers", "Ciphers", "DBus", "HTTPServer", "KDBX",
                "LoginExport",
                "KeePassHTTP", "Linux", "Notifier", "Passwords", "SecureMemory", "Settings", "Vault",
                "VaultStores", "XMLTree", nioCore, nioEmbedded, nioHTTP1,
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
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
