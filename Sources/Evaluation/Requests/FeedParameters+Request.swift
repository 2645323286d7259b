// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

extension FeedParameters {
  private static let guards = [
    "sourceWeightCap", "staleness", "futureTolerance", "highestPrice", "confidenceLimit",
    "deviationBand", "jumpLimit", "breakerLimit", "breakerCeiling", "breakerTolerance",
    "breakerPause",
  ]
  private static let counts = ["quorum", "jumpConfirmations", "breakerConfirmations"]

  /// Reads the parameters of a feed by their short names; what is absent comes from a named set.
  ///
  /// The sources that vote are those of `sources`, where stated, with limits of their own; else
  /// those that have sent a sample or are remembered, weighing what their sample states, or one.
  init(
    _ request: inout RequestObject, feed base: AssetSymbol, _ samples: [SourceSample],
    remembered: [AssetSymbol], _ shelf: inout ParameterShelf
  ) throws(EvaluationRefusal) {
    let set: ParameterSet? =
      request.states("set")
      ? try shelf.set(named: try request.text("set"), at: request.place("set")) : nil
    _ = request.optional("set")
    var texts = ParameterTexts()
    for name in Self.guards {
      guard request.states(name) || set == nil else {
        try Self.inherit(name, base, set, &texts, &request)
        continue
      }
      texts.add("oracle.\(base).\(name)", try request.text(name), field: request.place(name))
    }
    for name in Self.counts {
      guard request.states(name) || set == nil else {
        try Self.inherit(name, base, set, &texts, &request)
        continue
      }
      let count = try request.integer(name, in: 0...Int64(Int32.max))
      texts.add("oracle.\(base).\(name)", String(count), field: request.place(name))
    }
    if request.states("sources") {
      try Self.readSources(&request, base, &texts)
    } else {
      _ = request.optional("sources")
      try Self.gatherSources(samples, remembered, base, &texts)
    }
    let whole = try shelf.set(of: texts)
    do throws(ParameterError) { try self.init(whole, feed: base) } catch {
      throw EvaluationRefusal(error, at: request.path)
    }
  }

  private static func inherit(
    _ name: String, _ base: AssetSymbol, _ set: ParameterSet?, _ texts: inout ParameterTexts,
    _ request: inout RequestObject
  ) throws(EvaluationRefusal) {
    _ = request.optional(name)
    guard let text = set?.text("oracle.\(base).\(name)") ?? set?.text("oracle.default.\(name)")
    else { throw request.refusal(.missingParameter, name, "missing here and in the set") }
    texts.add("oracle.\(base).\(name)", text, field: request.place(name))
  }

  private static func readSources(
    _ request: inout RequestObject, _ base: AssetSymbol, _ texts: inout ParameterTexts
  ) throws(EvaluationRefusal) {
    var read: [(key: String, text: String, field: String)] = []
    let names = try request.objects("sources", atMost: mostSources) {
      object throws(EvaluationRefusal) in
      let source = try object.symbol("source")
      for name in ["weight", "staleness", "confidenceLimit", "jumpLimit"] {
        guard object.states(name) || name == "weight" else {
          _ = object.optional(name)
          continue
        }
        let key = "oracle.\(base).source.\(source).\(name)"
        read.append((key, try object.text(name), object.place(name)))
      }
      return source.description
    }
    try request.refuseRepeated("sources", names)
    for (key, text, field) in read { texts.add(key, text, field: field) }
  }

  private static func gatherSources(
    _ samples: [SourceSample], _ remembered: [AssetSymbol], _ base: AssetSymbol,
    _ texts: inout ParameterTexts
  ) throws(EvaluationRefusal) {
    var weights: [(source: AssetSymbol, weight: String)] = []
    for sample in samples {
      let source = sample.sample.source.symbol
      let weight = sample.weight ?? "1"
      if let known = weights.first(where: { $0.source == source }) {
        guard known.weight == weight else {
          throw EvaluationRefusal(
            .inconsistent, "\(source) weighs \(known.weight) in another sample",
            field: sample.path + ".weight")
        }
        continue
      }
      weights.append((source, weight))
      texts.add(
        "oracle.\(base).source.\(source).weight", weight, field: sample.path + ".weight")
    }
    for source in remembered where !weights.contains(where: { $0.source == source }) {
      texts.add("oracle.\(base).source.\(source).weight", "1", field: "last.sources")
    }
  }
}
