// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension WideSum: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(high)
    writer.append(low)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let high: UInt128 = try reader.integer()
    self.init(high: high, low: try reader.integer())
  }
}

extension ProductSum: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(UInt8(assetCount))
    writer.append(total)
    writer.append(product)
    for units in unpaid { writer.append(units) }
    writer.append(UInt32(sums.count))
    for epoch in sums {
      writer.append(UInt32(epoch.count))
      for scale in epoch { for sum in scale { writer.append(sum) } }
    }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let assets = Int(try reader.byte())
    self.init(assetCount: assets)
    total = try reader.integer()
    product = try reader.integer()
    for asset in 0..<assets { unpaid[asset] = try reader.integer() }
    let epochs: UInt32 = try reader.integer()
    sums = []
    for _ in 0..<epochs {
      let scales: UInt32 = try reader.integer()
      guard scales > 0 else { throw reader.malformed("pool") }
      var epoch: [[WideSum]] = []
      for _ in 0..<scales {
        // A scale without sums would take no byte, and a count no time to read.
        guard assets > 0 else { throw reader.malformed("pool") }
        var scale: [WideSum] = []
        for _ in 0..<assets { scale.append(try reader.value()) }
        epoch.append(scale)
      }
      sums.append(epoch)
    }
    guard let last = sums.last, (0...Self.limit).contains(total),
      (Self.least...Self.whole).contains(product),
      unpaid.allSatisfy({ (0...Self.limit).contains($0) })
    else { throw reader.malformed("pool") }
    epoch = sums.count - 1
    scale = last.count - 1
  }
}

extension ProductSum.Claim: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(units)
    writer.append(UInt32(epoch))
    writer.append(UInt32(scale))
    writer.append(product)
    writer.append(list: sums)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let units: Int64 = try reader.integer()
    let epoch: UInt32 = try reader.integer()
    let scale: UInt32 = try reader.integer()
    let product: UInt128 = try reader.integer()
    guard (1...ProductSum.limit).contains(units),
      (ProductSum.least...ProductSum.whole).contains(product)
    else { throw reader.malformed("claim") }
    self.init(
      units: units, epoch: Int(epoch), scale: Int(scale), product: product,
      sums: try reader.list())
  }
}

extension PoolNotice: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(units)
    writer.append(due)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let units: Int64 = try reader.integer()
    self.init(units: units, due: try reader.value())
  }
}

extension PoolClaim: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(tranche.rawValue)
    writer.append(claim)
    writer.append(optional: notice)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let account: AccountID = try reader.value()
    let tranche: PoolTranche = try reader.tag()
    let claim: ProductSum.Claim = try reader.value()
    self.init(
      account: account, tranche: tranche, claim: claim, notice: try reader.optional())
  }
}

extension BackstopPool: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(list: markets)
    writer.append(senior)
    writer.append(junior)
    writer.append(list: claims)
    writer.append(reserve)
    writer.append(optional: order)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: AccountID = try reader.value()
    let markets: [AssetSymbol] = try reader.list()
    self.init(id: id, markets: markets)
    guard self.markets == markets else { throw reader.malformed("order of markets") }
    senior = try reader.value()
    junior = try reader.value()
    claims = try reader.list()
    reserve = try reader.integer()
    order = try reader.optional()
    let isOrdered = zip(claims, claims.dropFirst()).allSatisfy { one, other in
      (one.account.number, one.tranche.rawValue) < (other.account.number, other.tranche.rawValue)
    }
    let isKnown = claims.allSatisfy { (try? self[$0.tranche].worth(of: $0.claim)) != nil }
    guard isOrdered, isKnown, senior.assetCount == 1, junior.assetCount == 1 else {
      throw reader.malformed("pool")
    }
  }
}

extension PoolEntry: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(pool)
    writer.append(tranche.rawValue)
    writer.append(units)
    writer.append(gains)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let account: AccountID = try reader.value()
    let pool: AccountID = try reader.value()
    let tranche: PoolTranche = try reader.tag()
    let units: Int64 = try reader.integer()
    self.init(
      account: account, pool: pool, tranche: tranche, units: units,
      gains: try reader.integer())
  }
}

extension PoolSettlement: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(pool)
    writer.append(senior)
    writer.append(junior)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let pool: AccountID = try reader.value()
    let senior: Int64 = try reader.integer()
    self.init(pool: pool, senior: senior, junior: try reader.integer())
  }
}

// MARK: Commands

extension Command {
  /// Tags from 80 on.
  func encodePool(to writer: inout CanonicalWriter) {
    switch self {
    case .openPool(let id, let markets):
      writer.append(tag: 80, id)
      writer.append(list: markets)
    case .depositToPool(let id, let pool, let tranche, let amount):
      writer.append(tag: 81, id)
      writer.append(pool)
      writer.append(tranche.rawValue)
      writer.append(amount)
    case .requestPoolWithdrawal(let id, let pool, let tranche, let units):
      writer.append(tag: 82, id)
      writer.append(pool)
      writer.append(tranche.rawValue)
      writer.append(units)
    case .cancelPoolWithdrawal(let id, let pool, let tranche):
      writer.append(tag: 83, id)
      writer.append(pool)
      writer.append(tranche.rawValue)
    case .withdrawFromPool(let id, let pool, let tranche):
      writer.append(tag: 84, id)
      writer.append(pool)
      writer.append(tranche.rawValue)
    default: break
    }
  }

  static func readPool(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    let id: AccountID = try reader.value()
    if tag == 80 { return .openPool(id, markets: try reader.list()) }
    let pool: AccountID = try reader.value()
    let tranche: PoolTranche = try reader.tag()
    switch tag {
    case 81: return .depositToPool(id, pool, tranche, try reader.value())
    case 82: return .requestPoolWithdrawal(id, pool, tranche, units: try reader.integer())
    case 83: return .cancelPoolWithdrawal(id, pool, tranche)
    case 84: return .withdrawFromPool(id, pool, tranche)
    default: throw reader.malformed("command")
    }
  }
}

// MARK: Events

extension LedgerEvent {
  /// Tags from 112 on.
  func encodePool(to writer: inout CanonicalWriter) {
    switch self {
    case .poolOpened(let id, let markets):
      writer.append(tag: 112, id)
      writer.append(list: markets)
    case .poolDeposited(let entry): writer.append(tag: 113, entry)
    case .poolWithdrawalRequested(let id, let pool, let tranche, let notice):
      writer.append(tag: 114, id)
      writer.append(pool)
      writer.append(tranche.rawValue)
      writer.append(notice)
    case .poolWithdrawalCancelled(let id, let pool, let tranche):
      writer.append(tag: 115, id)
      writer.append(pool)
      writer.append(tranche.rawValue)
    case .poolWithdrawn(let entry): writer.append(tag: 116, entry)
    case .poolSettled(let settlement): writer.append(tag: 117, settlement)
    default: break
    }
  }

  static func readPool(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 112:
      let id: AccountID = try reader.value()
      return .poolOpened(id, markets: try reader.list())
    case 113: return .poolDeposited(try reader.value())
    case 114:
      let id: AccountID = try reader.value()
      let pool: AccountID = try reader.value()
      let tranche: PoolTranche = try reader.tag()
      return .poolWithdrawalRequested(id, pool, tranche, try reader.value())
    case 115:
      let id: AccountID = try reader.value()
      let pool: AccountID = try reader.value()
      return .poolWithdrawalCancelled(id, pool, try reader.tag())
    case 116: return .poolWithdrawn(try reader.value())
    case 117: return .poolSettled(try reader.value())
    default: throw reader.malformed("event")
    }
  }
}
