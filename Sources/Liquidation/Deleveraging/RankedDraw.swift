// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Elements drawn one by one in a stated order: a binary heap.
///
/// For taking the first few of many: n steps to make, log n for each element drawn. The order of
/// equals is not stated, so `precedes` must leave none.
public struct RankedDraw<Element> {
  @usableFromInline var elements: [Element]
  @usableFromInline let precedes: (Element, Element) -> Bool

  @inlinable
  public init(_ elements: [Element], by precedes: @escaping (Element, Element) -> Bool) {
    self.elements = elements
    self.precedes = precedes
    for place in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(place) }
  }

  /// The next in order; `nil` after the last.
  @inlinable
  public mutating func next() -> Element? {
    guard let first = elements.first, let last = elements.popLast() else { return nil }
    if !elements.isEmpty {
      elements[0] = last
      sink(0)
    }
    return first
  }

  @inlinable
  mutating func sink(_ start: Int) {
    var place = start
    while true {
      var highest = place
      for child in (2 * place + 1)...(2 * place + 2) where child < elements.count {
        if precedes(elements[child], elements[highest]) { highest = child }
      }
      guard highest != place else { return }
      elements.swapAt(place, highest)
      place = highest
    }
  }
}
