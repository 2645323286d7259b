// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import NumericalMethods
import Testing

@Suite("Drawing in order")
struct RankedDrawTests {
  @Test("gives what sorting gives, then nothing", arguments: 0...40)
  func order(count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    let values = (0..<count).map { (rank: Int.random(in: 0...9, using: &random), id: $0) }
    func precedes(_ one: (rank: Int, id: Int), _ other: (rank: Int, id: Int)) -> Bool {
      one.rank != other.rank ? one.rank > other.rank : one.id < other.id
    }
    var draw = RankedDraw(values, by: precedes)
    var drawn: [Int] = []
    while let next = draw.next() { drawn.append(next.id) }
    #expect(drawn == values.sorted(by: precedes).map(\.id))
    #expect(draw.next() == nil)
  }
}
