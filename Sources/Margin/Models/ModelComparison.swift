// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Quantities
import Volatility

/// What several models require of one account.
public struct ModelComparison: Sendable {
  public struct Row: Sendable {
    public let model: String
    /// A model without a rule for some position has no answer; the others still do.
    public let answer: Result<ModelRequirement, ModelError>

    public init(model: String, answer: Result<ModelRequirement, ModelError>) {
      self.model = model
      self.answer = answer
    }
  }

  public let rows: [Row]

  /// - Parameter models: In the order of the rows.
  public init(of book: ModelBook, under models: [MarginModel]) {
    rows = models.map { model in
      do throws(ModelError) {
        return Row(model: model.name, answer: .success(try model.requirement(of: book)))
      } catch { return Row(model: model.name, answer: .failure(error)) }
    }
  }

  /// An account of a venue at its engine's market.
  ///
  /// - Throws: ``ModelError`` for an account that cannot be put into a book.
  public init(
    of portfolio: Portfolio, at engine: RequirementEngine, under models: [MarginModel]
  ) throws(ModelError) {
    self.init(of: try ModelBook(portfolio, engine), under: models)
  }

  /// The titles of ``table()``.
  public static let titles = [
    "model", "equity", "initial", "maintenance", "excess", "of first", "binding",
  ]

  /// One row of texts per model, to be printed.
  ///
  /// Money is in quote units with two decimals, rounded against the account; then initial margin as
  /// a share of the first model's, and the binding scenario of each underlying. A model without an
  /// answer says why in the second column.
  public func table() -> [[String]] {
    let first = rows.first.flatMap { try? $0.answer.get().initialMargin }
    return rows.map { row in
      switch row.answer {
      case .failure(let error):
        return [row.model, error.description]
          + Array(repeating: "–", count: Self.titles.count - 2)
      case .success(let requirement):
        return [
          row.model, Self.cents(requirement.equity, .down),
          Self.cents(requirement.initialMargin, .up),
          Self.cents(requirement.maintenanceMargin, .up),
          Self.cents(requirement.excess, .down),
          Self.share(requirement.initialMargin, of: first),
          requirement.scans.map(\.bindingText).joined(separator: "; "),
        ]
      }
    }
  }

  private static func cents(_ millionths: Int64, _ rounding: RoundingDirection) -> String {
    decimalText(
      Int64(Int128(millionths).divided(by: 10_000, rounding: rounding)), decimals: 2)
  }

  private static func share(_ margin: Int64, of first: Int64?) -> String {
    guard let first, first > 0 else { return "–" }
    let permille = (Int128(margin) * 1_000).divided(by: Int128(first), rounding: .halfEven)
    return decimalText(permille, decimals: 1) + "%"
  }
}

extension ModelScan {
  /// The binding scenario in words, such as `BTC +16% up`.
  public var bindingText: String {
    switch binding {
    case .none: return "\(underlying) none"
    case .forward: return "\(underlying) forward"
    case .skew(let place): return "\(underlying) \(place == 0 ? "tilt" : "bend")"
    case .row(let row):
      let scenario = rows[row]
      let permille = Int128((scenario.spotShift * 1e3).rounded(.toNearestOrEven))
      let sign = permille > 0 ? "+" : ""
      let state =
        switch scenario.volatility {
        case .up: " up"
        case .unchanged: ""
        case .down: " down"
        }
      return "\(underlying) \(sign)\(decimalText(permille, decimals: 1))%\(state)"
    }
  }
}
