// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Pricing
import Quantities
import Testing
import Volatility

@Suite("A written surface")
struct SurfaceCodingTests {
  private let time = Timestamp(seconds: 1_583_971_200)

  /// A fit of two expiries, with quotes that do not count and an expiry that is left out.
  private func surface() throws -> VolatilitySurface {
    let expiries = try [(7 as Int64, 0.02), (35, 0.09), (90, 0)].map { days, theta in
      var quotes: [OptionQuote] = []
      for strike in stride(from: 80.0, through: 125, by: 5) where theta > 0 {
        let right: OptionRight = strike > 100 ? .call : .put
        let price = try Black76.price(
          forward: 100, strike: strike, totalVariance: theta, right: right)
        quotes.append(
          OptionQuote(
            right: right, strike: strike, bid: price * 0.99, ask: price * 1.01, time: time))
      }
      quotes.append(OptionQuote(right: .call, strike: 110, bid: 3, ask: 2, time: time))
      return ExpiryQuotes(
        expiry: time + TimeSpan(seconds: days * 86_400), forward: 100, quotes: quotes)
    }
    return try SurfaceFit().calibrate(
      OptionChain(time: time, unit: .quoteCurrency, expiries: expiries))
  }

  @Test("of stated smiles keeps to the calendar, at its ends and beyond")
  func calendar() throws {
    let smile = try SSVISmile(theta: 0.04, rho: -0.3, psi: 0.2)
    func surface(_ time: Timestamp, _ expiry: Timestamp) throws -> VolatilitySurface {
      try VolatilitySurface(
        time: time, slices: [StatedSlice(expiry: expiry, forward: 100, smile: smile)])
    }
    let (first, last) = (Timestamp.permitted.lowerBound, Timestamp.permitted.upperBound)
    #expect(try surface(first, last).slices[0].yearsToExpiry > 200)
    let nanosecond = TimeSpan(nanoseconds: 1)
    for time in [Timestamp(nanoseconds: .min), first - nanosecond] {
      #expect(throws: SurfaceRefusal.outsideCalendar(time)) { try surface(time, last) }
    }
    for expiry in [Timestamp(nanoseconds: .max), last + nanosecond] {
      #expect(throws: SurfaceRefusal.outsideCalendar(expiry)) { try surface(first, expiry) }
    }
    #expect(throws: SurfaceRefusal.timeRunsBack(from: time, to: time)) { try surface(time, time) }
  }

  @Test("reads back equal, with its report")
  func roundTrip() throws {
    let surface = try surface()
    #expect(surface.slices.count == 2 && surface.report.expiries.count == 3)
    #expect(surface.report.rejectedCount >= 3)
    let data = try JSONEncoder().encode(surface)
    #expect(try JSONDecoder().decode(VolatilitySurface.self, from: data) == surface)
  }

  @Test(
    "that was changed into none is refused",
    arguments: [
      ("\"theta\":", "\"theta\":-"), ("\"forward\":", "\"forward\":-"),
      ("\"slices\":[", "\"slices\":[],\"other\":["), ("\"yearsToExpiry\":", "\"yearsToExpiry\":1"),
      ("\"expiry\":1", "\"expiry\":-1"), ("\"time\":1", "\"time\":9"), ("\"psi\":", "\"phi\":"),
      ("\"rejection\":", "\"rejection\":1"),
    ])
  func changed(from: String, to: String) throws {
    let text = String(decoding: try JSONEncoder().encode(surface()), as: UTF8.self)
    let changed = text.replacingOccurrences(of: from, with: to)
    #expect(changed != text)
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode(VolatilitySurface.self, from: Data(changed.utf8))
    }
  }
}
