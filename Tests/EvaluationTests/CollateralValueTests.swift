// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite("The value of collateral")
struct CollateralValueTests {
  private func value(_ fields: String) -> JSONValue {
    answer(#"{"kind":"collateral.value","amount":"10","index":"100"\#(fields)}"#)
  }

  private func counted(_ fields: String) -> String? { value(fields)["counted"]?.text }

  // Expected: by hand, of a worth of 1,000.
  @Test(
    "compounds haircuts, then takes caps",
    arguments: [
      ("", "1000"), (#","haircut":"10%""#, "900"),
      (#","haircut":"10%","bridge":"5%""#, "855"),
      (#","haircut":"10%","correlation":"1""#, "800"),
      (#","haircut":"10%","correlation":"-1""#, "900"),
      (#","haircut":"60%","correlation":"1""#, "0"),
      (#","haircut":"10%","redemption":"90""#, "810"),
      (#","haircut":"10%","redemption":"110""#, "900"),
      (#","haircut":"10%","accountCap":"1000""#, "900"),
      (#","haircut":"10%","accountCap":"999.999999""#, "899.999999"),
      (#","haircut":"10%","accountCap":"0""#, "0"),
      (#","haircut":"10%","countedShare":"50%""#, "450"),
      // 2 × 0.8 × √(1 h ÷ 365 d) = 1.7094955 %, rounded up to a billionth.
      (#","volatility":0.8,"finality":{"factor":"2","seconds":3600}"#, "982.905046"),
      // 1 − e^−0.1 = 9.5162582 %.
      (#","expectedShortfall":"10%""#, "904.837418"),
    ])
  func byHand(fields: String, expected: String) {
    #expect(counted(fields) == expected, "\(fields)")
  }

  // 0.8 ÷ √365 × √(1,000 ÷ 40,000) = 0.66208471 % of it; on a chord at most 1.2 % of that more.
  @Test("takes what a sale costs, more when depth falls")
  func liquidity() throws {
    let fields = #","volatility":0.8,"liquidity":{"dailyVolume":"40000""#
    let whole = value(fields + "}")
    #expect(whole["liquidity"]?.text == "0.006620848")
    let counted = try #require(whole["counted"]?.text.flatMap(Double.init))
    #expect(counted <= 993.379153 && counted > 993.379153 - 0.012 * 6.621)
    let thin = try #require(self.counted(fields + #","depth":"25%"}"#).flatMap(Double.init))
    #expect(abs((1_000 - thin) / (1_000 - counted) - 2) < 0.03)
  }

  @Test(
    "is refused by field",
    arguments: [
      (#","redemption":"0""#, "redemption"), (#","bridge":"100.0000001%""#, "bridge"),
      (#","volatility":100.1"#, "volatility"), (#","liquidity":{}"#, "liquidity.dailyVolume"),
      (#","finality":{"factor":"1"}"#, "finality.seconds"), (#","accountCap":"-1""#, "accountCap"),
      (#","countedShare":"101%""#, "countedShare"), (#","haircuts":"1%""#, "haircuts"),
    ])
  func refusals(fields: String, field: String) {
    #expect(value(fields).at("error", "field")?.text == field)
  }

  @Test("an amount worth more than any account may hold is refused")
  func tooMuch() {
    let refused = answer(
      #"{"kind":"collateral.value","amount":"10000000000","index":"1000000000"}"#)
    #expect(refused.at("error", "field")?.text == "amount")
  }
}
