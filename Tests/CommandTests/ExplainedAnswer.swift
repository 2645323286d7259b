// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What the tests read of an explained answer.
struct Explained: Decodable {
  struct Part: Decodable {
    let initial: String
    let maintenance: String
  }
  struct Scenario: Decodable { let loss: String }
  struct Scenarios: Decodable {
    let underlying: String
    let binding: Scenario
    let ranking: [Scenario]
  }
  struct Joint: Decodable {
    let loss: String
    let parts: [Scenario]
  }
  struct Prices: Decodable { let liquidationBelow: String? }
  struct Greeks: Decodable {
    let underlying: String
    let bucket: String?
    let delta: Double
    let vega: Double
  }
  struct Line: Decodable {
    struct Crossing: Decodable {
      let healthy: String
      let unhealthy: String
    }
    struct Point: Decodable {
      let multiple: String
      let isHealthy: Bool?
      let crossings: [Crossing]
    }
    let points: [Point]
  }
  struct Map: Decodable {
    let prices: [String]
    let volatilities: [String]
    let marginRatios: [[String?]]
  }
  struct Repair: Decodable {
    struct Trade: Decodable {
      let cost: String
      let equity: String
      let maintenanceMargin: String
    }
    let target: String
    let shortfall: String
    let trades: [Trade]
  }
  struct Model: Decodable {
    let model: String
    let equity: String?
    let initialMargin: String?
    let refusal: String?
  }
  struct Change: Decodable {
    struct Standing: Decodable {
      let equity: String
      let maintenanceMargin: String
    }
    struct Part: Decodable {
      let cause: String
      let equity: String
      let maintenanceMargin: String
    }
    let before: Standing
    let after: Standing
    let parts: [Part]
  }

  let account: UInt32
  let equity: String
  let initialMargin: String
  let maintenanceMargin: String
  let charges: [Part]
  let shares: [Part]
  let prices: [Prices]
  let scenarios: [Scenarios]
  let jointScenarios: [Joint]
  let greeks: [Greeks]
  let liquidationLines: [Line]
  let liquidationMaps: [Map]
  let repairs: [Repair]
  let change: Change?
  let models: [Model]?
}
