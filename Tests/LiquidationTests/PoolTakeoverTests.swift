// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("What a pool takes over")
struct PoolTakeoverTests {
  private func value(
    _ size: Int64, bankruptcy: Int64, discount: String, mark: Int64 = 8_000_000
  ) throws -> Int64? {
    takeoverUnitValue(
      of: try Contracts.linear, size: Size(steps: size), unitValue: mark,
      bankruptcyUnitValue: bankruptcy, discount: try Rate(discount))
  }

  // 1 % of 8,000,000 is 80,000.
  @Test("the discount is against the account, up to bankruptcy and no unit further")
  func thresholds() throws {
    #expect(try value(5, bankruptcy: 0, discount: "1%") == 7_920_000)
    #expect(try value(5, bankruptcy: 7_919_999, discount: "1%") == 7_920_000)
    #expect(try value(5, bankruptcy: 7_920_000, discount: "1%") == 7_920_000)
    #expect(try value(5, bankruptcy: 7_920_001, discount: "1%") == 7_920_001)
    #expect(try value(-5, bankruptcy: 9_000_000, discount: "1%") == 8_080_000)
    #expect(try value(-5, bankruptcy: 8_079_999, discount: "1%") == 8_079_999)
    #expect(try value(5, bankruptcy: 0, discount: "0") == 8_000_000)
    #expect(try value(5, bankruptcy: 0, discount: "1%", mark: 101) == 99, "rounded up to 2")
  }

  @Test("a bankruptcy price at the mark is the price, one beyond it is none")
  func noEquity() throws {
    #expect(try value(5, bankruptcy: 8_000_000, discount: "1%") == 8_000_000)
    #expect(try value(5, bankruptcy: 8_000_001, discount: "1%") == nil)
    #expect(try value(-5, bankruptcy: 8_000_000, discount: "1%") == 8_000_000)
    #expect(try value(-5, bankruptcy: 7_999_999, discount: "1%") == nil)
  }

  @Test("a share is rounded toward zero, and one is everything")
  func shares() throws {
    let sizes = [7, -7, 1].map { Size(steps: $0) }
    #expect(proRata(sizes, share: try Rate("50%")).map(\.steps) == [3, -3, 0])
    #expect(proRata(sizes, share: .one) == sizes)
    #expect(proRata(sizes, share: .zero).map(\.steps) == [0, 0, 0])
  }

  @Test("the least and the largest share are found to a billionth", arguments: 0..<50)
  func bisection(seed: UInt64) {
    var random = Seeded(seed)
    let line = random.number(1...1_000_000_000)
    #expect(leastShare { $0.billionths >= line }.billionths == line)
    let limit = Rate(billionths: random.number(1...1_000_000_000))
    let largest = largestShare(upTo: limit) { $0.billionths <= line }
    #expect(largest.billionths == min(line, limit.billionths))
  }

  @Test("where nothing suffices all is asked for; where nothing fits nothing is taken")
  func ends() {
    #expect(leastShare { _ in false } == .one)
    #expect(largestShare(upTo: .one) { _ in false } == .zero)
    #expect(largestShare(upTo: .zero) { _ in true } == .zero)
    #expect(largestShare(upTo: .one) { _ in true } == .one)
  }

  @Test("a slice is a step at least and the position at most, its price inside the contract's")
  func slices() throws {
    let contract = try Contracts.linear
    let mark = try Price("8000")
    func slice(_ held: Int64, _ share: String, _ slippage: String) throws -> UnwindingSlice {
      UnwindingSlice(
        of: Size(steps: held), in: contract, mark: mark, share: try Rate(share),
        slippage: try Rate(slippage))
    }
    #expect(try slice(11, "10%", "0.5%").size.steps == 2, "rounded up")
    #expect(try slice(-1, "0.1%", "0.5%").size.steps == 1)
    #expect(try slice(-9, "100%", "0.5%").size.steps == 9)
    #expect(try slice(11, "10%", "0.5%").limit == Price("7960"))
    #expect(try slice(-11, "10%", "0.5%").limit == Price("8040"))
    #expect(try slice(11, "10%", "100%").limit == .zero)
    let high = UnwindingSlice(
      of: Size(steps: -1), in: contract, mark: contract.highestPrice, share: .one, slippage: .one)
    #expect(high.limit == contract.highestPrice)
  }
}
