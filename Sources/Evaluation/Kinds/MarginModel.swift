// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Parameters
import Quantities
import Volatility

/// `margin.model`: what margin models require of one account, explained line by line.
func answerMarginModel(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let draft = try ModelBookDraft(&request)
  let choices = try request.objects("models", atMost: 16) {
    object throws(EvaluationRefusal) in
    let name = try object.text("name")
    var stated = try object.object("parameters")
    return (name: name, parameters: try ParameterChoice(&stated))
  }
  try request.refuseRepeated("models", choices.map(\.name))
  try request.end()
  var answers: [JSONValue] = []
  for choice in choices {
    let set = try shelf.set(for: choice.parameters)
    let model: MarginModel
    do throws(ParameterError) { model = try MarginModel(set) } catch {
      throw EvaluationRefusal(error, at: choice.parameters.place)
    }
    answers.append(try draft.answer(of: model, named: choice.name))
  }
  return .fields([("models", .array(answers))])
}

extension ModelBookDraft {
  /// A model without a rule for some position says so; what is wrong with the book is a refusal.
  fileprivate func answer(
    of model: MarginModel, named name: String
  ) throws(EvaluationRefusal) -> JSONValue {
    do throws(ModelError) {
      let requirement = try model.requirement(of: book)
      return .fields([
        ("name", .string(name)), ("equity", .money(requirement.equity)),
        ("initialMargin", .money(requirement.initialMargin)),
        ("maintenanceMargin", .money(requirement.maintenanceMargin)),
        ("excess", .money(requirement.excess)),
        ("searchLevel", requirement.searchLevel.map(JSONValue.money)),
        ("releaseLevel", requirement.releaseLevel.map(JSONValue.money)),
        ("charges", .array(requirement.lines.map(line))),
        ("scans", .array(requirement.scans.map(scan))),
      ])
    } catch {
      switch error {
      case .notCovered:
        return .fields([("name", .string(name)), ("notCovered", .string(error.description))])
      case .malformed, .tooManyPositions:
        throw EvaluationRefusal(.outOfBounds, error.description)
      case .wrongRowCount: throw EvaluationRefusal(.inconsistent, error.description)
      case .outOfDomain: throw EvaluationRefusal(.outOfDomain, error.description)
      case .outOfRange: throw EvaluationRefusal(.outOfRange, error.description)
      }
    }
  }

  /// Charges are numbers of the quote currency, not rounded; they add up to both levels.
  private func line(_ line: ModelLine) -> JSONValue {
    let subject: (String, JSONValue?) =
      switch line.subject {
      case .account: ("account", .boolean(true))
      case .asset(let symbol): ("asset", .string(symbol.description))
      case .position(let place): ("position", .string(book.positions[place].name))
      case .expiry(let place): ("expiry", .integer(place))
      }
    return .fields([
      ("charge", .string(line.charge.rawValue)), subject, ("initial", .number(line.initial)),
      ("maintenance", .number(line.maintenance)),
    ])
  }

  private func scan(_ scan: ModelScan) -> JSONValue {
    let rows = zip(scan.rows, scan.profits).map { scenario, profit in
      JSONValue.fields(scenario.fields + [("profit", .number(profit))])
    }
    let skews = zip(SkewState.allCases, scan.skewLosses).map { skew, loss in
      JSONValue.fields([("skew", .string(skew.word)), ("loss", .number(loss))])
    }
    return .fields([
      ("underlying", .string(scan.underlying.description)), ("loss", .number(scan.loss)),
      ("binding", binding(scan)), ("scenarios", .array(rows)), ("skews", .array(skews)),
      ("forwardLoss", .number(scan.forwardLoss)),
    ])
  }

  private func binding(_ scan: ModelScan) -> JSONValue {
    switch scan.binding {
    case .none: .null
    case .row(let row): .fields([("index", .integer(row))] + scan.rows[row].fields)
    case .skew(let place): .fields([("skew", .string(SkewState.allCases[place].word))])
    case .forward: .fields([("forward", .boolean(true))])
    }
  }
}
