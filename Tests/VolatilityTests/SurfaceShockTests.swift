// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Parameters
import Quantities
import Testing
import Volatility

@Suite("A shocked surface")
struct SurfaceShockTests {
  private func surface() throws -> VolatilitySurface {
    try SurfaceFit().calibrate(KnownSurface().chain())
  }

  @Test("is free of arbitrage on 601 points, also after every spot move of the grid")
  func arbitrage() throws {
    let check = try ArbitrageCheck()
    let surface = try surface()
    for move in gridMoves {
      let moved = try surface.moved(by: move)
      #expect(check.violations(of: moved).isEmpty)
      for shock in try gridShocks() {
        #expect(try ArbitrageCheck(count: 61).violations(of: moved.shocked(by: shock)).isEmpty)
      }
    }
    for shock in try gridShocks() {
      #expect(try check.violations(of: surface.shocked(by: shock)).isEmpty)
    }
  }

  @Test("moves the money by the scenario and keeps the smile per standard deviation")
  func level() throws {
    let surface = try surface()
    let level = VolatilityShock(try surfaceParameters().shock)
    for state in VolatilityState.allCases {
      let shocked = try surface.shocked(by: SurfaceShock(level, state))
      for (old, new) in zip(surface.slices, shocked.slices) {
        let expected = level.moves(yearsToExpiry: old.yearsToExpiry)
          .apply(state, to: old.atTheMoney)
        #expect((new.atTheMoney - expected).magnitude < 1e-12)
        #expect((new.smile.rho - old.smile.rho).magnitude < 1e-9)
        let width = old.smile.psi / old.smile.theta.squareRoot()
        #expect((new.smile.psi / new.smile.theta.squareRoot() - width).magnitude < 1e-9)
        #expect(new.forward == old.forward)
      }
    }
  }

  @Test("twists term, skew and smile as stated")
  func twists() throws {
    let surface = try surface()
    var term = SurfaceShock()
    term.termTwist = 0.1
    let twisted = try surface.shocked(by: term)
    // 2 days: fully down; 30 days: nothing; 365 days: fully up.
    for (index, factor) in [(0, 0.9), (3, 1), (6, 1.1)] {
      let ratio = twisted.slices[index].atTheMoney / surface.slices[index].atTheMoney
      #expect((ratio - factor).magnitude < 1e-9)
    }
    var skew = SurfaceShock()
    skew.skewTwist = 0.05
    var smile = SurfaceShock()
    smile.smileTwist = 0.05
    let tilted = try surface.shocked(by: skew)
    let bent = try surface.shocked(by: smile)
    for index in surface.slices.indices {
      let (old, tilt, bend) = (
        surface.slices[index].smile, tilted.slices[index].smile, bent.slices[index].smile
      )
      #expect(tilt.theta == old.theta && bend.theta == old.theta)
      // tanh(artanh ρ + δ) = (ρ + tanh δ) / (1 + ρ tanh δ); tanh 0.05 by hand.
      let expected = (old.rho + 0.049_958_374_958) / (1 + old.rho * 0.049_958_374_958)
      #expect((tilt.rho - expected).magnitude < 1e-9)
      #expect((bend.psi / old.psi - 1.05).magnitude < 1e-9)
      let k = old.theta.squareRoot()
      #expect(
        tilt.totalVariance(logMoneyness: k) > old.totalVariance(logMoneyness: k)
          && tilt.totalVariance(logMoneyness: -k) < old.totalVariance(logMoneyness: -k))
      #expect(
        bend.totalVariance(logMoneyness: 2 * k) > old.totalVariance(logMoneyness: 2 * k))
    }
  }

  @Test("without a shock is the same surface")
  func nothing() throws {
    let surface = try surface()
    #expect(try surface.shocked(by: SurfaceShock()) == surface)
    #expect(try surface.moved(by: 0) == surface)
  }

  @Test("after a move of spot follows it by R times the skew, more on the way down")
  func stickiness() throws {
    let surface = try surface()
    for (move, response) in [(-0.02, 3.0), (0.02, 0.4)] {
      let moved = try surface.moved(by: move)
      for (old, new) in zip(surface.slices, moved.slices) {
        let skew = old.smile.skew(yearsToExpiry: old.yearsToExpiry)
        let expected = old.atTheMoney + response * skew * move
        #expect((new.atTheMoney - expected).magnitude < 1e-9)
        #expect((new.forward / old.forward - Elementary.exp(move)).magnitude < 1e-15)
      }
    }
    let sticky = try SpotStickiness(down: 0, up: 0)
    for (old, new) in zip(surface.slices, try surface.moved(by: -0.3, stickiness: sticky).slices) {
      #expect(old.smile == new.smile)
    }
    #expect(SpotStickiness(try surfaceParameters()) == .measured)
  }

  @Test("keeps its volatility between a quarter and four times however far spot moves")
  func floor() throws {
    var known = try KnownSurface()
    known.smiles = try known.smiles.map {
      try SSVISmile(theta: $0.theta, rho: -0.8, psi: $0.psi)
    }
    let surface = try SurfaceFit().calibrate(known.chain())
    for (move, factor) in [(10.0, 0.25), (-10, 4)] {
      let moved = try surface.moved(by: move, stickiness: SpotStickiness(down: 3, up: 3))
      for (old, new) in zip(surface.slices, moved.slices) {
        #expect((new.atTheMoney / old.atTheMoney - factor).magnitude < 1e-9)
      }
    }
  }

  @Test("refuses twists, multiples and moves outside their ranges, and takes the ends")
  func refusals() throws {
    let surface = try surface()
    func shocked(_ term: Double, _ skew: Double, _ smile: Double) throws {
      var shock = SurfaceShock()
      shock.termTwist = term
      shock.skewTwist = skew
      shock.smileTwist = smile
      let result = try surface.shocked(by: shock)
      #expect(try ArbitrageCheck(count: 61).violations(of: result).isEmpty)
    }
    try shocked(0.9, 2, 4)
    try shocked(-0.9, -2, -0.9)
    #expect(throws: SurfaceRefusal.outOfDomain("termTwist", value: 0.9.nextUp)) {
      try shocked(0.9.nextUp, 0, 0)
    }
    #expect(throws: SurfaceRefusal.outOfDomain("skewTwist", value: -.infinity)) {
      try shocked(0, -.infinity, 0)
    }
    #expect(throws: SurfaceRefusal.outOfDomain("smileTwist", value: 4.0.nextUp)) {
      try shocked(0, 0, 4.0.nextUp)
    }
    #expect(throws: SurfaceRefusal.outOfDomain("logMove", value: 10.0.nextUp)) {
      try surface.moved(by: 10.0.nextUp)
    }
    #expect(throws: SurfaceRefusal.outOfDomain("down", value: 3.0.nextUp)) {
      try SpotStickiness(down: 3.0.nextUp, up: 0)
    }
    #expect(throws: SurfaceRefusal.outOfDomain("up", value: -1)) {
      try SpotStickiness(down: 0, up: -1)
    }
  }
}

@Suite("The bounds of eSSVI")
struct SurfaceBoundsTests {
  @Test("leave no arbitrage on the grid, at the bounds too", arguments: 1...3)
  func sufficient(seed: UInt64) throws {
    var source = SplitMix64(seed: seed)
    let check = try ArbitrageCheck(reach: 4)
    for _ in 0..<100 {
      let theta = Elementary.exp(source.uniform(-9, 1))
      let rho = source.uniform(-0.99, 0.99)
      // The largest width that the butterfly bounds permit, or less.
      let steepness = 1 + rho.magnitude
      let most = min(4 / steepness, (4 * theta / steepness).squareRoot())
      let psi = most * (source.nextUnit() < 0.5 ? 1 - 1e-12 : source.nextUnit())
      let smile = try SSVISmile(theta: theta, rho: rho, psi: psi)
      #expect(smile.satisfiesButterflyBounds)
      #expect(check.violations(of: [(1, smile)]).isEmpty)
      if psi > 0.9 * most {
        let beyond = try SSVISmile(theta: theta, rho: rho, psi: most * 1.000_001)
        #expect(!beyond.satisfiesButterflyBounds)
      }
      // Wings at those of before, θ anywhere above.
      let later = try SSVISmile(theta: theta * source.uniform(1.001, 3), rho: rho, psi: psi)
      #expect(later.satisfiesCalendarBounds(after: smile))
      #expect(check.violations(of: [(1, smile), (2, later)]).isEmpty)
      let falling = try SSVISmile(theta: theta * 0.999, rho: rho, psi: psi)
      #expect(!falling.satisfiesCalendarBounds(after: smile))
      #expect(!check.violations(of: [(1, smile), (2, falling)]).isEmpty)
    }
  }

  @Test("are told apart from what breaks them by the grid: a crossing is found")
  func crossing() throws {
    let check = try ArbitrageCheck()
    let steep = try SSVISmile(theta: 0.01, rho: 0, psi: 0.15)
    let flat = try SSVISmile(theta: 0.011, rho: 0, psi: 0.05)
    let found = check.violations(of: [(0.1, steep), (0.2, flat)])
    #expect(!found.isEmpty)
    #expect(found.allSatisfy { $0.kind == .calendar && $0.amount < 0 && $0.yearsToExpiry == 0.2 })
    let bent = try SSVISmile(theta: 0.01, rho: 0, psi: 0.9)
    #expect(check.violations(of: [(0.1, bent)]).contains { $0.kind == .butterfly })
    for (reach, count) in [(0.0, 601), (21, 601), (1.5, 1), (1.5, 100_002), (.nan, 601)] {
      #expect(throws: SurfaceRefusal.self) { try ArbitrageCheck(reach: reach, count: count) }
    }
  }
}
