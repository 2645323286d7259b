// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities

extension CivilDate: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(Int32(truncatingIfNeeded: daysSinceEpoch))
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let days: Int32 = try reader.integer()
    // Held against the range before it becomes an instant: any 32 bits may stand here.
    let last = CivilDate.split(Timestamp.permitted.upperBound).date.daysSinceEpoch
    guard (0...last).contains(Int64(days)) else { throw reader.malformed("date") }
    self = CivilDate.split(Timestamp(seconds: Int64(days) * 86_400)).date
  }
}

extension ParameterValue: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(key)
    writer.append(raw)
    writer.append(source)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let key = try reader.text()
    let raw: Int64 = try reader.integer()
    self.init(key: key, raw: raw, source: try reader.text())
  }
}

extension ParameterSet: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(name)
    writer.append(date)
    writer.append(list: values)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let name = try reader.text()
    let date: CivilDate = try reader.value()
    let values: [ParameterValue] = try reader.list()
    do { self = try ParameterSet(name: name, date: date, values: values) } catch {
      throw reader.malformed("parameter set (\(error))")
    }
    guard self.values == values else { throw reader.malformed("order of parameters") }
  }

  /// What identifies a parameter set in journals and reports.
  public var digest: ChainHash {
    ChainHash.digest(domain: "plimsoll.parameters.1", parts: [canonicalBytes])
  }
}
