// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Margin
public import Parameters
public import Quantities
public import Volatility

/// Why there is no backtest of option books.
public enum OptionBacktestError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No two snapshots lie as far apart as asked.
  case withoutPairs(snapshots: Int)
  /// Two chains of one underlying at one time.
  case repeatedSnapshot(time: Timestamp, underlying: AssetSymbol)
  /// A chain without an option that is still to run, or without one that a book may hold.
  case withoutContracts(time: Timestamp, underlying: AssetSymbol)
  /// No such contract in the chain.
  case unlisted(AssetSymbol, expiry: Timestamp)
  case withoutSurface(time: Timestamp, underlying: AssetSymbol, SurfaceRefusal)
  case model(name: String, time: Timestamp, ModelError)
  case parameter(model: String, ParameterError)
  /// A setting outside its bounds.
  case setting(String, lowest: String, highest: String)
  case withoutModels
  case repeatedModel(String)

  public var description: String {
    switch self {
    case .withoutPairs(let count):
      "no two of the \(count) snapshots lie as far apart as asked; give more files or wider limits"
    case .repeatedSnapshot(let time, let underlying):
      "the chain of \(underlying) at \(time) stands twice; give each file once"
    case .withoutContracts(let time, let underlying):
      "the chain of \(underlying) at \(time) has no options that a book may hold"
    case .unlisted(let underlying, let expiry):
      "the chain has no such contract of \(underlying) at \(expiry)"
    case .withoutSurface(let time, let underlying, let refusal):
      "no surface for \(underlying) at \(time): \(refusal)"
    case .model(let name, let time, let error): "model \(name) at \(time): \(error)"
    case .parameter(let model, let error): "model \(model): \(error)"
    case .setting(let name, let lowest, let highest):
      "\(name) is outside \(lowest) to \(highest)"
    case .withoutModels: "a backtest needs at least one model"
    case .repeatedModel(let name): "model \(name) stands twice"
    }
  }
}
