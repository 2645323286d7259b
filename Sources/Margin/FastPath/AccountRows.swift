// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Kernels
import Quantities

/// All accounts of a venue in compressed rows: what the sweep needs of them and nothing else.
///
/// An account has an *order* here, its place among accounts of the same mode and count of entries,
/// sorted so that neighbors look alike and the processor foresees the loops; callers use the
/// number under which they appended it. Costs are kept only as what is held of each asset,
/// balance − Σ cost, for requirements depend on nothing else of them.
public struct AccountRows: Sendable {
  let layout: RowLayout
  /// First entry, entries in use and room of each account, by order.
  var starts: [UInt32]
  var counts: [UInt16]
  var rooms: [UInt16]
  /// Contract or asset and its flags, and the size in steps.
  var entries: [UInt32]
  var sizes: [Int32]
  /// Balance − Σ cost in ledger units, by order, then asset.
  var held: [Int64]
  var kinds: [RowKind]
  private var orders: [UInt32]
  private var numbers: [UInt32]
  /// Accounts with open orders, by order; they are measured one by one.
  var portfolios: [(order: Int, portfolio: Portfolio)]
  /// Where the row of portfolio accounts ends, and that of the others.
  public internal(set) var portfolioCount: Int
  public internal(set) var standaloneCount: Int
  /// The row that is being written.
  var edited: [UInt32] = []
  var editedSizes: [Int32] = []

  public var count: Int { starts.count }
  public var positionCount: Int { counts.reduce(0) { $0 + Int($1) } }

  /// The place of an account in the rows.
  public func order(of account: Int) -> Int { Int(orders[account]) }
  /// The account at a place.
  public func account(at order: Int) -> Int { Int(numbers[order]) }

  /// Bytes in all arrays, spare room included.
  public var byteCount: Int {
    starts.capacity * 4 + counts.capacity * 2 + rooms.capacity * 2 + entries.capacity * 4
      + sizes.capacity * 4 + held.capacity * 8 + kinds.capacity + orders.capacity * 4
      + numbers.capacity * 4
  }
}

/// How an account is measured.
enum RowKind: UInt8, Sendable {
  case portfolio
  /// Isolated or cross: position by position.
  case standalone
  /// By ``RequirementEngine`` from its row: something of it leaves the bounds of the sweep.
  case exactPortfolio
  case exactStandalone
  /// By ``RequirementEngine`` from its portfolio, because it has open orders.
  case kept
}

// MARK: Building

extension AccountRows {
  /// Collects accounts one by one; ``finished()`` sorts them.
  public struct Builder {
    let layout: RowLayout
    private let engine: RequirementEngine
    var rows: AccountRows
    var patterns: [UInt64] = []

    public init(_ engine: RequirementEngine, capacity: Int = 0) {
      self.engine = engine
      layout = RowLayout(engine)
      rows = AccountRows(layout: layout)
      rows.starts.reserveCapacity(capacity)
      rows.counts.reserveCapacity(capacity)
      rows.kinds.reserveCapacity(capacity)
      rows.held.reserveCapacity(capacity * layout.assetCount)
      patterns.reserveCapacity(capacity)
    }

    /// Takes an account; its number is how many came before.
    ///
    /// - Throws: ``MarginError`` for a portfolio that is none of the listing.
    public mutating func append(_ portfolio: Portfolio) throws(MarginError) {
      let units = try rows.edit(portfolio, engine)
      let isKept = !portfolio.orders.isEmpty
      if isKept { rows.portfolios.append((rows.starts.count, portfolio)) }
      let kind = rows.kind(isPortfolio: portfolio.mode == .portfolio, units[...])
      close(units, isKept ? .kept : kind)
    }

    /// Takes an account without its open orders, or where the sweep does not hold it, an empty one
    /// of its mode.
    ///
    /// - Returns: Whether the sweep holds it.
    mutating func appendSwept(_ portfolio: borrowing Portfolio) -> Bool {
      let isPortfolio = portfolio.mode == .portfolio
      let swept: RowKind = isPortfolio ? .portfolio : .standalone
      if let units = try? rows.edit(portfolio, engine),
        rows.kind(isPortfolio: isPortfolio, units[...]) == swept
      {
        close(units, swept)
        return true
      }
      rows.edited.removeAll(keepingCapacity: true)
      rows.editedSizes.removeAll(keepingCapacity: true)
      close(Array(repeating: 0, count: layout.assetCount), swept)
      return false
    }

    private mutating func close(_ units: [Int64], _ kind: RowKind) {
      rows.starts.append(UInt32(rows.entries.count))
      rows.counts.append(UInt16(rows.edited.count))
      rows.held += units
      rows.kinds.append(kind)
      patterns.append(rows.pattern)
      rows.entries += rows.edited
      rows.sizes += rows.editedSizes
    }

    /// The rows of all accounts taken so far.
    public consuming func finished() -> AccountRows {
      let built = rows
      let patterns = patterns
      let sorted = built.starts.indices.sorted { one, other in
        let left = built.sortKey(one, patterns[one])
        let right = built.sortKey(other, patterns[other])
        return left == right ? one < other : left < right
      }
      return built.rearranged(sorted)
    }
  }

  init(layout: RowLayout) {
    self.layout = layout
    starts = []
    counts = []
    rooms = []
    entries = []
    sizes = []
    held = []
    kinds = []
    orders = []
    numbers = []
    portfolios = []
    portfolioCount = 0
    standaloneCount = 0
  }

  /// The rows hold one account, number 0.
  mutating func nameOnly() {
    orders = [0]
    numbers = [0]
  }

  /// The flags of the first 21 edited entries, so that accounts that look alike lie together.
  var pattern: UInt64 {
    var pattern: UInt64 = 0
    for entry in edited.prefix(21) {
      let flags = UInt64(entry >> 24)
      pattern = pattern << 3 | (flags & 1) << 2 | (flags >> 1 & 3)
    }
    return pattern
  }

  func sortKey(_ order: Int, _ pattern: UInt64) -> (UInt8, UInt16, UInt64) {
    let kind = kinds[order].rawValue
    return (min(kind, RowKind.exactPortfolio.rawValue), counts[order], pattern)
  }

  /// Copies the rows into a new order, each with some room to grow.
  consuming func rearranged(_ sorted: [Int]) -> AccountRows {
    let source = self
    var rows = AccountRows(layout: source.layout)
    rows.reserve(like: source)
    rows.orders = Array(repeating: 0, count: source.count)
    let assets = source.layout.assetCount
    for old in sorted {
      let order = rows.starts.count
      let start = Int(source.starts[old])
      let count = Int(source.counts[old])
      let room = count + 1 + count / 8
      rows.starts.append(UInt32(rows.entries.count))
      rows.counts.append(UInt16(count))
      rows.rooms.append(UInt16(room))
      rows.entries += source.entries[start..<start + count]
      rows.sizes += source.sizes[start..<start + count]
      for _ in count..<room {
        rows.entries.append(0)
        rows.sizes.append(0)
      }
      rows.held += source.held[old * assets..<(old + 1) * assets]
      rows.kinds.append(source.kinds[old])
      rows.numbers.append(source.numbers.isEmpty ? UInt32(old) : source.numbers[old])
      rows.orders[Int(rows.numbers[order])] = UInt32(order)
    }
    rows.portfolioCount = rows.kinds.count { $0 == .portfolio }
    rows.standaloneCount = rows.kinds.count { $0 == .standalone }
    for kept in source.portfolios {
      let account = source.numbers.isEmpty ? kept.order : Int(source.numbers[kept.order])
      rows.portfolios.append((Int(rows.orders[account]), kept.portfolio))
    }
    rows.portfolios.sort { $0.order < $1.order }
    return rows
  }

  private mutating func reserve(like source: AccountRows) {
    let count = source.count
    starts.reserveCapacity(count)
    counts.reserveCapacity(count)
    rooms.reserveCapacity(count)
    held.reserveCapacity(source.held.count)
    kinds.reserveCapacity(count)
    numbers.reserveCapacity(count)
    let entryCount = source.counts.reduce(count) { $0 + Int($1) + Int($1) / 8 }
    entries.reserveCapacity(entryCount)
    sizes.reserveCapacity(entryCount)
  }

  /// The same accounts sorted anew, after fills have changed what they look like; off the hot
  /// path.
  public func rebucketed() -> AccountRows {
    let rows = self
    var patterns: [UInt64] = []
    var reader = self
    for order in starts.indices {
      reader.read(order)
      patterns.append(reader.pattern)
    }
    let sorted = starts.indices.sorted { one, other in
      let left = rows.sortKey(one, patterns[one])
      let right = rows.sortKey(other, patterns[other])
      return left == right ? rows.numbers[one] < rows.numbers[other] : left < right
    }
    return rows.rearranged(sorted)
  }
}

// MARK: Reading

extension AccountRows {
  /// The positions of an account at a place: dense index and size, by underlying, expiry, strike.
  public func positions(at order: Int) -> [(contract: Int, steps: Int64)] {
    let start = Int(starts[order])
    return (start..<start + Int(counts[order])).compactMap { place in
      entries[place] & PLIMSOLL_ENTRY_AMOUNT == 0
        ? (Int(entries[place] & PLIMSOLL_ENTRY_ROW), Int64(sizes[place])) : nil
    }
  }

  /// The first contract of an account at a place.
  public func contract(at order: Int) -> Int {
    let start = Int(starts[order])
    for place in start..<start + Int(counts[order])
    where entries[place] & PLIMSOLL_ENTRY_AMOUNT == 0 {
      return Int(entries[place] & PLIMSOLL_ENTRY_ROW)
    }
    return 0
  }

  /// What an account at a place holds of an asset: balance − Σ cost, ledger units.
  public func held(at order: Int, asset: Int) -> Int64 {
    held[order * layout.assetCount + asset]
  }
}
