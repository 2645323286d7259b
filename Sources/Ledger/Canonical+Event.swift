// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

extension LedgerEvent: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .venueOpened(let quote, let set):
      writer.append(tag: 24, quote)
      writer.append(set)
    case .parametersChanged(let set): writer.append(tag: 0, set)
    case .collateralAccepted(let asset): writer.append(tag: 1, asset)
    case .instrumentListed(let contract): writer.append(tag: 2, contract)
    case .accountOpened(let id, let mode):
      writer.append(tag: 3, id)
      writer.append(mode.rawValue)
    case .engineRestarted(let instant): writer.append(tag: 4, instant)
    case .transferred(let transfer): writer.append(tag: 5, transfer)
    case .traded(let trade): writer.append(tag: 6, trade)
    case .orderPlaced(let id, let order):
      writer.append(tag: 7, id)
      writer.append(order)
    case .orderFilled(let id, let order, let size):
      writer.append(tag: 8, id)
      writer.append(order)
      writer.append(size)
    case .orderRemoved(let id, let order, let end):
      writer.append(tag: 9, id)
      writer.append(order)
      writer.append(end.rawValue)
    case .blockStarted, .sampleRejected, .feedUpdated, .marketMarked, .instrumentsMarked,
      .collateralMarked:
      encodeMarket(to: &writer)
    case .fundingSettled, .profitsSettled, .profitRealized, .instrumentExpired:
      encodeSettlement(to: &writer)
    case .liquidationStarted, .liquidationStageEntered, .liquidationOrderIssued,
      .liquidationOrderClosed, .liquidationEnded, .stateDigested, .marginCalled,
      .liquidationWindowBegun:
      encodeLiquidation(to: &writer)
    case .protectionSet, .quoteFilled, .protectionTriggered, .protectionRenewed,
      .subaccountOpened, .positionMoved, .marginModeChanged:
      encodeAccess(to: &writer)
    case .auctionStarted, .auctionRestarted, .auctionPriced, .auctionBidFilled:
      encodeAuction(to: &writer)
    case .poolOpened, .poolDeposited, .poolWithdrawalRequested, .poolWithdrawalCancelled,
      .poolWithdrawn, .poolSettled:
      encodePool(to: &writer)
    case .deleveragingAllocated, .claimsGranted, .fundWindowOpened, .fundDrawdownChanged,
      .fundReviewed, .inUniverse:
      encodeLosses(to: &writer)
    case .makerRegistered, .makerReleased, .balanceMarked: encodeBalance(to: &writer)
    case .conversionDecided, .collateralOffered, .collateralPriced, .collateralSold,
      .collateralSaleClosed:
      encodeConversion(to: &writer)
    case .hedgeOpened, .hedgeOrdered, .hedgeCharged, .hedgeWindowBegun:
      encodeHedge(to: &writer)
    case .depthReported, .quoteRequested, .quoteAnswered, .requestClosed, .gasReported,
      .keeperOffered, .offerTaken, .offerClosed, .rightsOffered, .bidCommitted, .bidRevealed,
      .rightsSettled:
      encodeExecution(to: &writer)
    case .relayerRegistered, .relayerReleased, .answerRelayed: encodeRelayers(to: &writer)
    }
  }

  private func encodeMarket(to writer: inout CanonicalWriter) {
    switch self {
    case .blockStarted(let instant): writer.append(tag: 10, instant)
    case .sampleRejected(let sample): writer.append(tag: 11, sample)
    case .feedUpdated(let feed): writer.append(tag: 12, feed)
    case .marketMarked(let market): writer.append(tag: 13, market)
    case .instrumentsMarked(let marks):
      writer.append(UInt8(14))
      writer.append(list: marks)
    case .collateralMarked(let marks):
      writer.append(UInt8(30))
      writer.append(list: marks)
    default: break
    }
  }

  private func encodeSettlement(to writer: inout CanonicalWriter) {
    switch self {
    case .fundingSettled(let id, let rate, let unitPayment):
      writer.append(tag: 15, id)
      writer.append(rate)
      writer.append(unitPayment)
    case .profitsSettled(let id, let unitValue):
      writer.append(tag: 16, id)
      writer.append(unitValue)
    case .instrumentExpired(let id, let price, let unitValue):
      writer.append(tag: 17, id)
      writer.append(price)
      writer.append(unitValue)
    case .profitRealized(let account, let id, let units):
      writer.append(tag: 25, account)
      writer.append(id)
      writer.append(units)
    default: break
    }
  }

  private func encodeLiquidation(to writer: inout CanonicalWriter) {
    switch self {
    case .liquidationStarted(let id, let cause):
      writer.append(tag: 18, id)
      writer.append(cause)
    case .liquidationStageEntered(let id, let stage):
      writer.append(tag: 19, id)
      writer.append(stage.rawValue)
    case .liquidationOrderIssued(let order): writer.append(tag: 20, order)
    case .liquidationOrderClosed(let id, let order, let end):
      writer.append(tag: 21, id)
      writer.append(order)
      writer.append(end.rawValue)
    case .liquidationEnded(let id, let outcome):
      writer.append(tag: 22, id)
      writer.append(outcome.rawValue)
    case .stateDigested(let hash): writer.append(tag: 23, hash)
    case .marginCalled(let id, let step, let cause):
      writer.append(tag: 96, id)
      writer.append(step.rawValue)
      writer.append(cause)
    case .liquidationWindowBegun(let instant): writer.append(tag: 97, instant)
    default: break
    }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let tag = try reader.byte()
    switch tag {
    case 0...4: self = try Self.readVenue(tag, &reader)
    case 5...9: self = try Self.readTrade(tag, &reader)
    case 10: self = .blockStarted(at: try reader.value())
    case 11: self = .sampleRejected(try reader.value())
    case 12: self = .feedUpdated(try reader.value())
    case 13: self = .marketMarked(try reader.value())
    case 14: self = .instrumentsMarked(try reader.list())
    case 15...17: self = try Self.readSettlement(tag, &reader)
    case 18...22: self = try Self.readLiquidation(tag, &reader)
    case 23: self = .stateDigested(try reader.value())
    case 24:
      let quote: Asset = try reader.value()
      self = .venueOpened(quote: quote, try reader.value())
    case 25:
      let account: AccountID = try reader.value()
      let id: InstrumentID = try reader.value()
      self = .profitRealized(account, id, units: try reader.integer())
    case 30: self = .collateralMarked(try reader.list())
    case 96:
      let account: AccountID = try reader.value()
      let step: MarginCall = try reader.tag()
      self = .marginCalled(account, step, try reader.value())
    case 97: self = .liquidationWindowBegun(at: try reader.value())
    case Self.auctionTags: self = try Self.readAuction(tag, &reader)
    case 112...117: self = try Self.readPool(tag, &reader)
    case 120...124, 130: self = try Self.readLosses(tag, &reader)
    case 100...102: self = try Self.readBalance(tag, &reader)
    case 103...106: self = try Self.readHedge(tag, &reader)
    case Self.conversionTags: self = try Self.readConversion(tag, &reader)
    case Self.executionTags: self = try Self.readExecution(tag, &reader)
    case Self.relayersTag: self = try Self.readRelayers(&reader)
    default: self = try Self.readAccess(tag, &reader)
    }
  }

  private static func readVenue(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 0: return .parametersChanged(try reader.value())
    case 1: return .collateralAccepted(try reader.value())
    case 2: return .instrumentListed(try reader.value())
    case 3:
      let id: AccountID = try reader.value()
      return .accountOpened(id, try reader.tag())
    default: return .engineRestarted(at: try reader.value())
    }
  }

  private static func readTrade(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 5: return .transferred(try reader.value())
    case 6: return .traded(try reader.value())
    case 7:
      let id: AccountID = try reader.value()
      return .orderPlaced(id, try reader.value())
    case 8:
      let id: AccountID = try reader.value()
      let order: OrderID = try reader.value()
      return .orderFilled(id, order, try reader.value())
    default:
      let id: AccountID = try reader.value()
      let order: OrderID = try reader.value()
      return .orderRemoved(id, order, try reader.tag())
    }
  }

  private static func readSettlement(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    let id: InstrumentID = try reader.value()
    switch tag {
    case 15:
      let rate: Rate = try reader.value()
      return .fundingSettled(id, rate: rate, unitPayment: try reader.integer())
    case 16: return .profitsSettled(id, unitValue: try reader.integer())
    default:
      let price: Price = try reader.value()
      return .instrumentExpired(
        id, settlementPrice: price, unitValue: try reader.integer())
    }
  }

  private static func readLiquidation(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    if tag == 20 { return .liquidationOrderIssued(try reader.value()) }
    let id: AccountID = try reader.value()
    switch tag {
    case 18: return .liquidationStarted(id, try reader.value())
    case 19: return .liquidationStageEntered(id, try reader.tag())
    case 21:
      let order: OrderID = try reader.value()
      return .liquidationOrderClosed(id, order, try reader.tag())
    default: return .liquidationEnded(id, try reader.tag())
    }
  }
}
