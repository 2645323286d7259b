// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Evaluation
import NumericalMethods
import Testing

@Suite("Models, smiles and surfaces")
struct ModelTests {
  private static let heston =
    #""initialVariance":0.0175,"meanVariance":0.0398,"meanReversion":1.5768,"#
    + #""volatilityOfVariance":0.5751,"correlation":-0.5711"#
  private static let calm =
    #""initialVariance":0.36,"meanVariance":0.3,"meanReversion":4,"volatilityOfVariance":1.2,"#
    + #""correlation":-0.25,"jumpIntensity":4,"meanJump":-0.03,"jumpDeviation":0.1"#
  private static let median =
    #""initialVariance":0.224903,"meanVariance":0.108179,"meanReversion":13.376951,"#
    + #""volatilityOfVariance":0.940205,"correlation":-0.425279,"jumpIntensity":1.287897,"#
    + #""meanJump":-0.067601,"jumpDeviation":0.157563,"meanVarianceJump":0.737491,"#
    + #""jumpCorrelation":-0.030299"#
  private static let merton =
    #""volatility":0.5,"jumpIntensity":6,"meanJump":-0.05,"jumpDeviation":0.12"#

  private func price(
    _ model: String, _ parameters: String, strike: Double, days: Double, more: String = ""
  ) -> JSONValue {
    answer(
      #"{"kind":"option.price","model":"\#(model)","forward":100,"strike":\#(strike),"#
        + #""years":\#(days / 365),"right":"call","parameters":{\#(parameters)}\#(more)}"#)
  }

  // Two independent methods, 1e-10, and for Merton the Poisson series to 7e-15.
  @Test(
    "prices are the reference values",
    arguments: [
      ("heston", heston, 100.0, 365.0, 5.7851554344), ("heston", heston, 100, 3650, 22.3189457912),
      ("merton", merton, 110, 30, 2.9831383677), ("merton", merton, 130, 7, 0.0101496818),
      ("bates", calm, 50, 30, 50.0024282803), ("bates", calm, 100, 30, 7.0527393655),
      ("bates", calm, 200, 30, 0.0005151807), ("svcj", median, 90, 7, 10.2784110763),
      ("svcj", median, 150, 90, 0.3767263024),
    ])
  func references(
    model: String, parameters: String, strike: Double, days: Double, expected: Double
  ) throws {
    let answer = price(model, parameters, strike: strike, days: days)
    let value = try #require(answer["price"]?.number)
    #expect((value - expected).magnitude < 1e-9)
  }

  @Test("every model is asked for its Greeks and sensitivities, in quote units and in coin")
  func greeks() throws {
    for (model, parameters, count) in [
      ("merton", Self.merton, 3), ("heston", Self.heston, 5), ("bates", Self.calm, 8),
      ("svcj", Self.median, 10),
    ] {
      let linear = price(model, parameters, strike: 95, days: 30, more: #","greeks":true"#)
      #expect(linear["sensitivities"]?.members.count == count, "\(model)")
      #expect(linear["greeks"]?.members.count == 6)
      let coin = price(
        model, parameters, strike: 95, days: 30, more: #","greeks":true,"payoff":"inverse""#)
      let (quoted, priced) = (try #require(linear["price"]?.number), coin["price"]?.number)
      #expect(priced == quoted / 100)
      let (delta, net) = (
        linear.at("greeks", "delta")?.number, coin.at("greeks", "netDelta")?.number
      )
      #expect(((delta ?? 0) - quoted / 100 - (net ?? 1)).magnitude < 1e-12)
    }
  }

  // BENCHOP problem 1, Black-Scholes: spot 90, 100 and 110, r = 3 %, sigma = 15 %, K = 100, T = 1:
  // von Sydow et al., Int. J. Computer Mathematics 92 (2015), table of exact values.
  @Test(
    "a spot price is carried and discounted",
    arguments: [
      (90.0, 2.758443856146076), (100, 7.485087593912603), (110, 14.702019669720769),
    ])
  func carry(spot: Double, expected: Double) throws {
    let answer = answer(
      #"{"kind":"option.price","model":"blackScholes","spot":\#(spot),"strike":100,"#
        + #""rate":0.03,"volatility":0.15,"years":1,"right":"call"}"#)
    let value = try #require(answer["price"]?.number)
    #expect((value - expected).magnitude < 1e-12)
  }

  @Test("put-call parity holds with carry, and rho is the change with the rate")
  func carryParity() throws {
    let ask = { (right: String, rate: Double, years: Double) in
      answer(
        #"{"kind":"option.price","model":"blackScholes","spot":100,"strike":105,"rate":\#(rate),"#
          + #""yield":0.02,"volatility":0.4,"years":\#(years),"right":"\#(right)","greeks":true}"#)
    }
    let value = { (answer: JSONValue) in answer["price"]?.number ?? .nan }
    let (call, put) = (ask("call", 0.05, 0.5), ask("put", 0.05, 0.5))
    let carried = 100 * Elementary.exp(-0.01) - 105 * Elementary.exp(-0.025)
    #expect((value(call) - value(put) - carried).magnitude < 1e-12)
    let step = 1e-5
    let slope = (value(ask("call", 0.05 + step, 0.5)) - value(ask("call", 0.05 - step, 0.5)))
    #expect((slope / (2 * step) - (call.at("greeks", "rho")?.number ?? 0)).magnitude < 1e-6)
    let decay = value(ask("call", 0.05, 0.5 - step)) - value(ask("call", 0.05, 0.5 + step))
    #expect((decay / (2 * step) - (call.at("greeks", "theta")?.number ?? 0)).magnitude < 1e-5)
  }

  @Test("implied volatility takes a price back, linear and inverse")
  func impliedVolatility() throws {
    for (payoff, price) in [("linear", "5"), ("inverse", "0.05")] {
      let implied = answer(
        #"{"kind":"option.impliedVolatility","price":\#(price),"forward":100,"strike":104,"#
          + #""years":0.25,"right":"put","payoff":"\#(payoff)"}"#)
      let volatility = try #require(implied["volatility"]?.number)
      let back = answer(
        #"{"kind":"option.price","model":"black76","forward":100,"strike":104,"years":0.25,"#
          + #""volatility":\#(volatility),"right":"put","payoff":"\#(payoff)"}"#)
      let given = try #require(Double(price))
      let value = try #require(back["price"]?.number)
      #expect((value - given).magnitude < 1e-14 * given)
      #expect(implied["totalDeviation"]?.number == volatility * 0.5)
    }
  }

  @Test(
    "what no model can price is refused by its field",
    arguments: [
      (
        #""kind":"option.price","model":"heston","parameters":{"initialVariance":0.1}"#,
        "parameters.meanVariance"
      ),
      (
        #""kind":"option.price","model":"merton","parameters":{"volatility":0.5,"#
          + #""jumpIntensity":1000000000,"meanJump":0,"jumpDeviation":0}"#,
        "parameters.jumpIntensity"
      ),
      (
        #""kind":"option.price","model":"heston","parameters":{"initialVariance":0.1,"#
          + #""meanVariance":0.1,"meanReversion":1,"volatilityOfVariance":1,"correlation":-1}"#,
        "parameters.correlation"
      ),
      (#""kind":"option.price","model":"sabr""#, "model"),
      (#""kind":"option.price","model":"blackScholes","spot":0,"volatility":1"#, "spot"),
      (#""kind":"option.impliedVolatility","price":101"#, "price"),
      (#""kind":"option.impliedVolatility","price":-1"#, "price"),
      (#""kind":"option.impliedVolatility","price":0"#, "price"),
    ])
  func refusals(fields: String, field: String) {
    let isSpot = fields.contains("spot")
    let refusal = answer(
      "{" + fields + (isSpot ? "" : #","forward":100"#)
        + #","strike":100,"years":0.5,"right":"call"}"#)
    #expect(refusal.at("error", "field") == .string(field), "\(refusal)")
  }

  @Test(
    "what is no smile or surface is refused",
    arguments: [
      (
        #""kind":"smile.value","smile":{"convention":"raw","a":-1,"b":0.1,"rho":0,"m":0,"#
          + #""sigma":0.1},"logMoneyness":[0]"#, "smile"
      ),
      (
        #""kind":"smile.value","smile":{"convention":"raw","a":1,"b":3,"rho":0,"m":0,"sigma":1},"#
          + #""logMoneyness":[0]"#, "smile"
      ),
      (
        #""kind":"smile.density","smile":{"convention":"ssvi","theta":0,"rho":0,"psi":0},"#
          + #""logMoneyness":[0]"#, "smile"
      ),
      (
        #""kind":"smile.density","smile":{"convention":"ssvi","theta":1,"rho":0,"psi":0},"#
          + #""logMoneyness":[1e300]"#, "logMoneyness[0]"
      ),
      (
        #""kind":"smile.convert","smile":{"convention":"ssvi","theta":1,"rho":0,"psi":0},"#
          + #""to":"jumpWing""#, "years"
      ),
      (#""kind":"surface.fit","time":"2020-03-12T00:00:00Z","expiries":[]"#, "expiries"),
      (
        #""kind":"surface.fit","time":"2020-03-12T00:00:00Z","expiries":[{"expiry":"#
          + #""2020-03-27T08:00:00Z","forward":8000,"quotes":[{"right":"call","strike":8000,"#
          + #""bid":5,"ask":4}]}]"#, "expiries"
      ),
      (
        #""kind":"surface.shock","surface":{"time":"2020-03-12T00:00:00Z","slices":[]}"#,
        "surface"
      ),
      (
        #""kind":"surface.shock","surface":{"time":"2020-03-12T00:00:00Z","slices":[{"expiry":"#
          + #""2020-03-11T08:00:00Z","forward":1,"theta":1,"rho":0,"psi":0}]}"#, "surface"
      ),
    ])
  func surfaceRefusals(fields: String, field: String) {
    #expect(answer("{" + fields + "}").at("error", "field") == .string(field))
  }

  @Test("a fitted surface goes into a shock as it came out, and no shock opens arbitrage")
  func fitAndShock() throws {
    let example = try Clone.read(Clone.schemas.path(of: .surfaceFit, .example))
    let fit = answer(try #require(example["request"]).compact)
    #expect(fit["arbitrage"] == example.at("answer", "answer", "arbitrage"))
    let surface = try #require(fit["surface"])
    for shock in [
      "{}", #"{"skewTwist":-0.5}"#, #"{"smileTwist":2,"termTwist":0.5}"#,
      #"{"level":"down","parameters":{"set":"default"}}"#,
    ] {
      for move in ["-0.6", "0", "0.6"] {
        let shocked = answer(
          #"{"kind":"surface.shock","surface":\#(surface.compact),"spotMove":\#(move),"#
            + #""shock":\#(shock)}"#)
        #expect(shocked.at("arbitrage", "butterfly") == .number("0"))
        #expect(shocked.at("arbitrage", "calendar") == .number("0"))
      }
    }
    let still = answer(#"{"kind":"surface.shock","surface":\#(surface.compact)}"#)
    #expect(still["surface"] == surface)
  }
}
