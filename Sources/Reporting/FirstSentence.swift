// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension String {
  /// Up to and with the first full stop that ends a sentence; all of it if there is none.
  var firstSentence: String {
    var previous: Character = " "
    for index in indices {
      if previous == ".", self[index] == " " { return String(self[..<index]) }
      previous = self[index]
    }
    return self
  }
}
