// swift-tools-version: 6.2
import PackageDescription

// The strictest language the toolchain offers, for every target of the house.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),  // SE-0335
  .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
  .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
]

let argumentParser: Target.Dependency =
  .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let database: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

/// A room of the house: what it may know is the table of ARCHITECTURE.md, checked by LayoutTests.
func room(
  _ name: String, _ ours: [String] = [], _ packages: [Target.Dependency] = [],
  resources: [Resource]? = nil
) -> Target {
  .target(
    name: name, dependencies: ours.map { .target(name: $0) } + packages,
    resources: resources, swiftSettings: strict)
}

func tests(
  _ name: String, _ ours: [String], _ packages: [Target.Dependency] = []
) -> Target {
  .testTarget(
    name: name, dependencies: ours.map { .target(name: $0) } + packages, swiftSettings: strict)
}

let package = Package(
  name: "plimsoll",
  products: [
    .library(name: "Plimsoll", targets: ["RiskEngine", "Evaluation", "Simulation", "Journal"]),
    .executable(name: "plimsoll", targets: ["PlimsollCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    // What the machine provides.
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Numbers.
    .target(name: "Kernels"),
    room("Quantities"),
    room("NumericalMethods", ["Kernels"]),
    room("Parameters", ["Quantities"]),

    // The market.
    room("Instruments", ["Quantities"]),
    room("MarketData", ["Quantities", "Instruments"]),
    room("Oracles", ["Quantities", "Instruments", "MarketData", "Parameters"]),

    // Risk numbers.
    room("Pricing", ["Quantities", "NumericalMethods", "Kernels", "Instruments"]),
    room(
      "Volatility",
      [
        "Quantities", "NumericalMethods", "Kernels", "Instruments", "Pricing", "MarketData",
        "Parameters",
      ]),
    room(
      "Forecasting",
      ["Quantities", "NumericalMethods", "Instruments", "MarketData", "Parameters"]),
    room(
      "Margin",
      [
        "Quantities", "NumericalMethods", "Kernels", "Instruments", "Pricing", "MarketData",
        "Parameters", "Oracles", "Volatility",
      ]),

    // Decisions.
    room("Ledger", ["Quantities", "Instruments", "MarketData", "Parameters"], [crypto]),
    room(
      "Liquidation",
      ["Quantities", "NumericalMethods", "Instruments", "Parameters", "Margin", "Ledger"]),
    room(
      "Clearing",
      ["Quantities", "NumericalMethods", "Instruments", "Parameters", "Margin", "Ledger"]),
    room(
      "RiskEngine",
      [
        "Quantities", "NumericalMethods", "Kernels", "Instruments", "Pricing", "MarketData",
        "Parameters", "Oracles", "Volatility", "Margin", "Ledger", "Liquidation", "Clearing",
      ]),

    // Edges.
    room("Journal", ["Quantities", "NumericalMethods", "Ledger"], [database, crypto]),
    room(
      "Connectors", ["Quantities", "NumericalMethods", "Instruments", "MarketData", "CZlib"]),
    room(
      "Simulation",
      [
        "Quantities", "NumericalMethods", "Instruments", "MarketData", "Parameters", "Volatility",
        "Margin", "Ledger", "Liquidation", "Clearing", "RiskEngine", "Journal", "Connectors",
      ]),
    room(
      "Evaluation",
      [
        "Quantities", "NumericalMethods", "Instruments", "Pricing", "MarketData", "Parameters",
        "Oracles", "Volatility", "Forecasting", "Margin", "Ledger", "Liquidation", "Clearing",
        "RiskEngine",
      ]),
    room(
      "Reporting",
      [
        "Quantities", "NumericalMethods", "Instruments", "Pricing", "MarketData", "Parameters",
        "Volatility", "Forecasting", "Margin", "Ledger", "RiskEngine", "Connectors", "Simulation",
      ]),
    // Counts what the bench promises not to ask for.
    .target(name: "AllocationCounter"),
    .executableTarget(
      name: "PlimsollCommand",
      dependencies: [
        "Quantities", "NumericalMethods", "Kernels", "Parameters", "Instruments", "MarketData",
        "Oracles", "Pricing", "Volatility", "Forecasting", "Margin", "Ledger", "Liquidation",
        "Clearing", "RiskEngine", "Journal", "Connectors", "Simulation", "Evaluation", "Reporting",
        "AllocationCounter", argumentParser,
      ],
      swiftSettings: strict),

    // Promises.
    .target(
      name: "TestFixtures", dependencies: ["Parameters", "Quantities"],
      path: "Tests/TestFixtures", swiftSettings: strict),
    tests("LayoutTests", []),
    tests("KernelsTests", ["Kernels"]),
    tests("NumericalMethodsTests", ["NumericalMethods", "Kernels"]),
    tests("QuantitiesTests", ["Quantities"]),
    tests("ParametersTests", ["TestFixtures", "Parameters", "Quantities"]),
    tests("InstrumentsTests", ["TestFixtures", "Instruments", "Quantities"]),
    tests("OraclesTests", ["Oracles", "MarketData", "Instruments", "Parameters", "Quantities"]),
    tests("PricingTests", ["Pricing", "Instruments", "Kernels", "NumericalMethods"]),
    tests(
      "VolatilityTests",
      [
        "Volatility", "Pricing", "Kernels", "NumericalMethods", "Connectors", "Instruments",
        "Parameters", "Quantities",
      ]),
    tests(
      "ForecastingTests",
      [
        "TestFixtures", "Forecasting", "Connectors", "NumericalMethods", "MarketData",
        "Instruments", "Parameters", "Quantities",
      ]),
    tests(
      "MarginTests",
      [
        "Margin", "Volatility", "Pricing", "MarketData", "Instruments", "Parameters",
        "Quantities", "Kernels", "NumericalMethods",
      ]),
    tests(
      "LedgerTests",
      ["TestFixtures", "Ledger", "MarketData", "Instruments", "Parameters", "Quantities"]),
    tests(
      "LiquidationTests",
      [
        "TestFixtures", "Liquidation", "Clearing", "Margin", "Ledger", "Instruments",
        "Parameters", "Quantities",
      ]),
    tests(
      "RiskEngineTests",
      [
        "TestFixtures", "RiskEngine", "Simulation", "Ledger", "Margin", "Liquidation", "Clearing",
        "MarketData", "Instruments", "Parameters", "Quantities",
      ]),
    tests("JournalTests", ["Journal", "Ledger", "Quantities"], [database]),
    tests(
      "ConnectorsTests",
      ["Connectors", "MarketData", "Instruments", "Quantities", "NumericalMethods"]),
    tests(
      "SimulationTests",
      [
        "TestFixtures", "Simulation", "RiskEngine", "Journal", "Ledger", "MarketData",
        "Instruments", "Parameters", "Quantities", "Connectors", "Margin", "Liquidation",
        "Clearing",
      ]),
    tests("EvaluationTests", ["Evaluation", "Parameters", "Quantities", "NumericalMethods"]),
    tests(
      "ReportingTests",
      [
        "Reporting", "Simulation", "Connectors", "Forecasting", "Instruments", "Ledger", "Margin",
        "MarketData", "Parameters", "Quantities", "Volatility",
      ]),
    tests("CommandTests", []),
  ]
)
