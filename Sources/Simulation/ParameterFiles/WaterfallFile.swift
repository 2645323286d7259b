// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Parameters

/// A venue's waterfall as a dated file: what differs from the parameters it is laid over.
///
/// The layout is that of ``ParameterFile``. It may state how accounts are liquidated and who bears
/// what, and nothing of prices, depth or margin: the same accounts meet the same crash under
/// every waterfall.
public struct WaterfallFile: Sendable {
  public let path: String
  /// What the file reproduces, what it leaves out, and what in it is house.
  public let description: String
  /// What differs; complete for no reader by itself.
  public let set: ParameterSet

  /// The folder of the files that come with Plimsoll.
  public static let folder = "ParameterFiles/Waterfalls"

  /// How the keys begin that a waterfall may state.
  public static let prefixes = [
    "auction.", "deleveraging.", "insuranceFund.", "keeper.", "liquidation.", "marginCall.",
    "pool.", "rights.", "socializedLoss.", "waterfall.", "withdrawalGate.",
  ]

  /// The penalties of the tiers and the buffer are the waterfall's; the rest of `margin` is not.
  static func permits(_ key: String) -> Bool {
    let isPenalty = key.hasPrefix("margin.tiers.") && key.hasSuffix(".penalty")
    if key == "margin.buffer" || isPenalty { return true }
    // Every venue begins with the same fund.
    return key != "insuranceFund.openingShare" && prefixes.contains { key.hasPrefix($0) }
  }

  /// Reads a waterfall by name, such as `derive`, or by the path of its file.
  ///
  /// A text with a `/` or an ending `.json` is a path; a name is looked for in
  /// `ParameterFiles/Waterfalls` where ``ParameterFile/bundled()`` looks.
  public static func load(_ nameOrPath: String) throws(ParameterFileError) -> WaterfallFile {
    let isPath = nameOrPath.contains("/") || nameOrPath.hasSuffix(".json")
    let path = isPath ? nameOrPath : try bundledPath(of: nameOrPath)
    let document = try ParameterDocument(ParameterDocument.bytes(ofFile: path), path: path)
    do throws(ParameterError) {
      var values: [ParameterValue] = []
      for entry in document.entries {
        values.append(
          try ParameterSet.read(key: entry.key, text: entry.value, source: entry.source))
        guard permits(entry.key) else {
          throw .inconsistent(
            key: entry.key, reason: "no parameter of a waterfall; state it in a parameter file")
        }
      }
      let set = try ParameterSet(name: document.name, date: document.date, values: values)
      return WaterfallFile(path: path, description: document.description, set: set)
    } catch {
      throw .parameter(path: path, fault(error))
    }
  }

  /// A parameter file with this waterfall laid over it.
  ///
  /// - Throws: ``ParameterFileError/parameter(path:_:)`` when the values do not go together.
  public func over(_ file: ParameterFile) throws(ParameterFileError) -> ParameterFile {
    do throws(ParameterError) {
      let whole = try file.set.overlaid(with: set)
      try whole.requireComplete()
      return file.with(whole)
    } catch { throw .parameter(path: path, Self.fault(error)) }
  }

  /// The names of the waterfalls that come with Plimsoll, the house's own first, then sorted.
  public static func bundledNames() throws(ParameterFileError) -> [String] {
    let folder = try ParameterFile.bundledPath(of: folder)
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }.sorted()
      return names.filter { $0 == house } + names.filter { $0 != house }
    } catch { throw .unreadable(path: folder, why: error.localizedDescription) }
  }

  /// The name of the house's own waterfall.
  public static let house = "plimsoll"

  private static func bundledPath(of name: String) throws(ParameterFileError) -> String {
    let folder = try ParameterFile.bundledPath(of: folder)
    let path = "\(folder)/\(name).json"
    guard FileManager.default.fileExists(atPath: path) else {
      let known = try bundledNames().joined(separator: ", ")
      throw .unreadable(path: path, why: "there is no waterfall “\(name)”; there are \(known)")
    }
    return path
  }

  static func fault(_ error: ParameterError) -> ParameterFault {
    ParameterFault(error, known: ParameterDefinition.all.map(\.key).filter(permits))
  }
}
