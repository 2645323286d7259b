// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Parameters
import TestFixtures

extension RangeParameters {
  /// The house's own, with some values changed.
  static func house(_ changes: [(key: String, value: String)] = []) throws -> RangeParameters {
    try RangeParameters(ParameterFixture.set(changes))
  }
}

extension LogHeterogeneousModel {
  static func house() throws -> LogHeterogeneousModel {
    let model = try RangeParameters.house().blend.logarithmic
    return try LogHeterogeneousModel(
      regressionDays: model.days, minimumDays: model.minimumDays, refitInterval: model.refitDays)
  }
}

extension AsymmetricVarianceModel {
  static func house() throws -> AsymmetricVarianceModel {
    let model = try RangeParameters.house().blend.asymmetric
    return try AsymmetricVarianceModel(
      regressionDays: model.days, minimumDays: model.minimumDays, refitInterval: model.refitDays)
  }
}
