// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What everybody in a pool owns after losses and gains, without visiting anybody.
///
/// A loss of the fraction ℓ of the pool and gains of g per unit deposited cost one step each,
/// whatever the number of depositors:
///
///     S ← S + P g,   P ← P (1 − ℓ);   deposit now = d P ÷ P₀,   gain = d (S − S₀) ÷ P₀
///
/// P₀ and S₀ are those at the time of the deposit. Source of the scheme: Liquity, stability pool
/// (R. Pardoe, “Scalable reward distribution with compounding stakes”). Here P has 126 bits and
/// is scaled up by 2^32 when it falls below 2^94; sums have 256 bits. Everything is rounded down,
/// and a claim that is no more than 2^−32 of a unit below a whole one counts as that: claims are
/// less than one unit below exact, and a whole number stays one. The sum of the claims is a whole
/// number below what there is plus 2^−32 for each depositor, and so never more than there is; what
/// is paid is held against it besides.
public struct ProductSum: Hashable, Sendable {
  /// All deposits together as losses have left them, ledger units.
  public internal(set) var total: Int64
  /// How often the pool was emptied.
  public internal(set) var epoch: Int
  /// How often P was scaled up in this epoch.
  public internal(set) var scale: Int
  public internal(set) var product: UInt128
  /// By epoch, then by scale, then by asset.
  var sums: [[[WideSum]]]
  /// By asset, gains that nobody has taken yet.
  public internal(set) var unpaid: [Int64]
  let assetCount: Int

  static let whole: UInt128 = 1 << 126
  static let least: UInt128 = 1 << 94
  static let rescaling = 32
  /// How near below a whole unit counts as one, as a power of a half.
  static let nearness = 32
  /// Scales after which less than a unit is left of the largest deposit.
  private static let memory = 3

  /// The most ledger units a pool may hold.
  public static let limit: Int64 = 1 << 60

  /// - Parameter assetCount: In how many assets gains are paid.
  public init(assetCount: Int) {
    self.assetCount = assetCount
    total = 0
    epoch = 0
    scale = 0
    product = Self.whole
    sums = [[Array(repeating: .zero, count: assetCount)]]
    unpaid = Array(repeating: 0, count: assetCount)
  }

  /// One depositor's part, as of the pool's state when it was last settled.
  public struct Claim: Hashable, Sendable {
    /// Ledger units deposited.
    public let units: Int64
    let epoch: Int
    let scale: Int
    let product: UInt128
    let sums: [WideSum]
  }

  /// What a claim is worth now.
  public struct Worth: Hashable, Sendable {
    /// Of the deposit, after losses.
    public let units: Int64
    /// By asset, paid out when the claim is settled.
    public let gains: [Int64]

    public init(units: Int64, gains: [Int64]) {
      self.units = units
      self.gains = gains
    }
  }
}

// MARK: Events

extension ProductSum {
  /// Takes in a deposit.
  ///
  /// - Throws: ``PoolError/notPositive`` or ``PoolError/outsideLimits``.
  public mutating func deposit(_ units: Int64) throws(PoolError) -> Claim {
    guard units > 0 else { throw .notPositive }
    guard units <= Self.limit - total else { throw .outsideLimits }
    total += units
    return claim(units)
  }

  /// Pays out what a claim has gained and, of its deposit, so many units.
  ///
  /// - Returns: What is left as a claim, `nil` if nothing is, and what was paid.
  /// - Throws: ``PoolError/insufficientDeposit(_:)``.
  public mutating func withdraw(
    _ units: Int64, from old: Claim
  ) throws(PoolError) -> (claim: Claim?, paid: Worth) {
    let worth = try worth(of: old)
    guard units >= 0 else { throw .notPositive }
    guard units <= worth.units else { throw .insufficientDeposit(worth.units) }
    total -= units
    for asset in 0..<assetCount { unpaid[asset] -= worth.gains[asset] }
    let rest = worth.units - units
    return (rest > 0 ? claim(rest) : nil, Worth(units: units, gains: worth.gains))
  }

  /// Books what an event cost the pool and what it brought, in each asset.
  ///
  /// - Throws: ``PoolError/notPositive`` for a negative number,
  ///   ``PoolError/insufficientDeposit(_:)`` for a loss above ``total``,
  ///   ``PoolError/outsideLimits``; the pool is then as it was.
  public mutating func apply(loss: Int64, gains: [Int64]) throws(PoolError) {
    guard loss >= 0, gains.count == assetCount, gains.allSatisfy({ $0 >= 0 }) else {
      throw .notPositive
    }
    guard loss <= total, total > 0 else { throw .insufficientDeposit(total) }
    for (asset, gain) in gains.enumerated() where gain > Self.limit - unpaid[asset] {
      throw .outsideLimits
    }
    for (asset, gain) in gains.enumerated() where gain > 0 {
      unpaid[asset] += gain
      let added = WideSum(product, times: UInt128(gain)).divided(by: UInt128(total))
      sums[epoch][scale][asset] = sums[epoch][scale][asset] + added
    }
    guard loss > 0 else { return }
    let left = total - loss
    guard left > 0 else {
      total = 0
      epoch += 1
      scale = 0
      product = Self.whole
      sums.append([Array(repeating: .zero, count: assetCount)])
      return
    }
    // Below the product itself: 128 bits hold it.
    product = WideSum(product, times: UInt128(left)).divided(by: UInt128(total)).low
    total = left
    while product < Self.least {
      product <<= UInt128(Self.rescaling)
      scale += 1
      sums[epoch].append(Array(repeating: .zero, count: assetCount))
    }
  }

  private func claim(_ units: Int64) -> Claim {
    Claim(
      units: units, epoch: epoch, scale: scale, product: product, sums: sums[epoch][scale])
  }
}

// MARK: What a claim is worth

extension ProductSum {
  /// What a depositor owns now, rounded down.
  ///
  /// - Throws: ``PoolError/unknownClaim`` for a claim that cannot be of this pool (not all of other
  ///   pools can be told), ``PoolError/outsideLimits``.
  public func worth(of claim: Claim) throws(PoolError) -> Worth {
    guard claim.epoch < epoch || (claim.epoch == epoch && claim.scale <= scale),
      claim.epoch >= 0, claim.scale < sums[claim.epoch].count, claim.sums.count == assetCount
    else { throw .unknownClaim }
    var gains: [Int64] = []
    for asset in 0..<assetCount { gains.append(try gain(of: claim, asset)) }
    return Worth(units: remaining(of: claim), gains: gains)
  }

  private func remaining(of claim: Claim) -> Int64 {
    guard claim.epoch == epoch, scale - claim.scale < Self.memory else { return 0 }
    let now = WideSum(product, times: UInt128(claim.units))
      .shifted(down: Self.rescaling * (scale - claim.scale))
    let near = WideSum(high: 0, low: claim.product >> UInt128(Self.nearness))
    return Int64(min((now + near).divided(by: claim.product).low, UInt128(total)))
  }

  private func gain(of claim: Claim, _ asset: Int) throws(PoolError) -> Int64 {
    let scales = sums[claim.epoch]
    var sum = scales[claim.scale][asset] - claim.sums[asset]
    for step in 1..<Self.memory where claim.scale + step < scales.count {
      sum = sum + scales[claim.scale + step][asset].shifted(down: Self.rescaling * step)
    }
    guard let units = sum.share(of: UInt64(claim.units), over: claim.product) else {
      throw .outsideLimits
    }
    return min(units, unpaid[asset])
  }
}

/// Why a pool refuses.
public enum PoolError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An amount that must be positive (or, of an event, not negative) is not.
  case notPositive
  /// More than the claim, or the pool, holds.
  case insufficientDeposit(Int64)
  /// A claim that this pool never gave.
  case unknownClaim
  /// An amount would leave the limits of a pool.
  case outsideLimits

  public var description: String {
    switch self {
    case .notPositive: "amounts of a pool are positive"
    case .insufficientDeposit(let units): "only \(units) units are there"
    case .unknownClaim: "a claim on another pool"
    case .outsideLimits: "the amount is outside the limits of a pool"
    }
  }
}

// MARK: Price

extension ProductSum {
  /// What a whole unit that was deposited when this epoch began has become.
  public struct UnitPrice: Hashable, Sendable {
    /// What losses have left of it, billionths, rounded down.
    public let left: Rate
    /// What it has gained of the first asset, billionths, rounded down; at most ``Rate/limit``.
    public let gained: Rate
  }

  /// The price of a share: what one unit deposited at the beginning of the epoch is worth now.
  ///
  /// Sums of steps smaller than 2^−96 of the first are left out.
  public var unitPrice: UnitPrice {
    let billion: UInt128 = 1_000_000_000
    let left = WideSum(product, times: billion).shifted(down: Self.rescaling * scale + 126)
    var sum = WideSum.zero
    for (step, sums) in sums[epoch].prefix(3).enumerated() {
      guard let first = sums.first else { continue }
      sum = sum + first.shifted(down: Self.rescaling * step)
    }
    let gained = sum.share(of: UInt64(billion), over: Self.whole) ?? Rate.limit
    return UnitPrice(
      left: Rate(billionths: Int64(left.low)),
      gained: Rate(billionths: min(gained, Rate.limit)))
  }
}
