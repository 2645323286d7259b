// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// Every parameter there is.
  public static let all: [ParameterDefinition] =
    liquidation + clearing + fees + oracle + margin + surface + book + range + model
    + implied + valueAtRisk + collateral + waterfall + marginCall + sizing + auction
    + bidder + pool + pace + losses + universes + balance + conversion + hedge + standingDepth
    + requests + keeper + rights
}
