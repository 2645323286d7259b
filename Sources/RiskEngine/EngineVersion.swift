// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What a journal must have been written by for this build to decide it again.
public enum EngineVersion {
  /// Changes whenever the same commands may lead to other events; counted from the first release,
  /// until which this one stands for whatever the source decides.
  public static let engine = "plimsoll-engine-1"
  /// Changes whenever a numerical function may give other bits; counted so, too.
  public static let numbers = "plimsoll-numbers-1"
}
