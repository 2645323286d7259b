// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("The parameters of ranges")
struct RangeParameterTests {
  // Expected: what the settings were while they stood in the code, and what Forecasting's page
  // says of them.
  @Test("are stated in the default file as the rules were published")
  func defaults() throws {
    let range = try RangeParameters(ParameterFixture.set())
    #expect(range.probability.value == 0.005)
    #expect(range.horizon.days == 1)
    #expect(range.windowDays == 500 && range.longRunDays == 500 && range.calendarDays == 500)
    #expect(range.floorShare.value == 0.9)
    #expect(range.forecastWeight.value == 0.25)
    #expect(range.largestRise.value == 1.25 && range.smallestFall.value == 0.97)
    #expect(range.exponentialDecay.value == 0.94 && range.blend.decay.value == 0.90)
    #expect(range.blend.logarithmic.days == 1500 && range.blend.asymmetric.days == 1500)
    #expect(range.blend.logarithmic.minimumDays == 500)
    #expect(range.blend.asymmetric.minimumDays == 530)
    #expect(range.blend.logarithmic.refitDays == 10 && range.blend.asymmetric.refitDays == 50)
    #expect(range.devices.buffer.value == 0.25 && range.devices.stressedWeight.value == 0.25)
    #expect(range.devices.lookbackDays == 3652 && range.devices.bufferDays == 250)
  }

  @Test("must all be stated", arguments: ParameterDefinition.range.map(\.key))
  func missing(key: String) throws {
    let defaults = try ParameterFixture.set()
    let set = try ParameterSet(
      name: "test", date: defaults.date, values: defaults.values.filter { $0.key != key })
    #expect(throws: ParameterError.missing(key: key)) { try RangeParameters(set) }
  }

  @Test(
    "are taken at their bounds and refused one unit beyond", arguments: ParameterDefinition.range)
  func bounds(definition: ParameterDefinition) throws {
    let (lowest, highest) = (definition.bounds.lowerBound, definition.bounds.upperBound)
    for raw in [lowest, highest] {
      let value = ParameterValue(key: definition.key, raw: raw, source: "test")
      _ = try ParameterSet(name: "test", date: ParameterFixture.set().date, values: [value])
    }
    for raw in [lowest - 1, highest + 1] {
      let value = ParameterValue(key: definition.key, raw: raw, source: "test")
      #expect(throws: ParameterError.self) {
        try ParameterSet(name: "test", date: ParameterFixture.set().date, values: [value])
      }
    }
  }

  @Test("that contradict each other are refused")
  func contradictions() throws {
    for (key, value) in [
      ("range.blend.logarithmic.minimumDays", "1501"),
      ("range.blend.asymmetric.minimumDays", "1501"), ("range.device.lookbackDays", "499"),
    ] {
      #expect {
        try RangeParameters(ParameterFixture.set([(key, value)]))
      } throws: { error in
        guard case .inconsistent(key, _)? = error as? ParameterError else { return false }
        return true
      }
    }
    _ = try RangeParameters(
      ParameterFixture.set([
        ("range.blend.logarithmic.minimumDays", "1500"), ("range.device.lookbackDays", "500"),
      ]))
  }
}
