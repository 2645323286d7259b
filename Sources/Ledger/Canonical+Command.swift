// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

extension Command: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .openVenue(let quote, let set):
      writer.append(tag: 13, quote)
      writer.append(set)
    case .changeParameters(let set): writer.append(tag: 0, set)
    case .acceptCollateral(let asset): writer.append(tag: 1, asset)
    case .listInstrument(let contract): writer.append(tag: 2, contract)
    case .openAccount(let id, let mode):
      writer.append(tag: 3, id)
      writer.append(mode.rawValue)
    case .depositCollateral(let id, let amount):
      writer.append(tag: 4, id)
      writer.append(amount)
    case .withdrawCollateral(let id, let amount):
      writer.append(tag: 5, id)
      writer.append(amount)
    case .contributeToFund(let amount): writer.append(tag: 6, amount)
    case .contributeToUniverse(let universe, let amount):
      writer.append(tag: 120, universe)
      writer.append(amount)
    case .recordTrade(let report): writer.append(tag: 7, report)
    case .placeOrder(let id, let order):
      writer.append(tag: 8, id)
      writer.append(order)
    case .cancelOrder(let id, let order):
      writer.append(tag: 9, id)
      writer.append(order)
    case .advanceBlock(let instant, let samples):
      writer.append(tag: 10, instant)
      writer.append(list: samples)
    case .reportExecution(let report): writer.append(tag: 11, report)
    case .restart(let instant): writer.append(tag: 12, instant)
    case .protectQuotes, .resetProtection, .openSubaccount, .moveCollateral, .movePosition,
      .changeMarginMode:
      encodeAccess(to: &writer)
    case .bidInAuction: encodeAuction(to: &writer)
    case .openPool, .depositToPool, .requestPoolWithdrawal, .cancelPoolWithdrawal,
      .withdrawFromPool:
      encodePool(to: &writer)
    case .registerMaker, .releaseMaker: encodeBalance(to: &writer)
    case .bidForCollateral: encodeConversion(to: &writer)
    case .openHedge: encodeHedge(to: &writer)
    case .reportDepth, .answerRequest, .reportGas, .takeOffer, .commitBid, .revealBid:
      encodeExecution(to: &writer)
    case .registerRelayer, .releaseRelayer, .relayAnswer: encodeRelayers(to: &writer)
    }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let tag = try reader.byte()
    switch tag {
    case 0: self = .changeParameters(try reader.value())
    case 1: self = .acceptCollateral(try reader.value())
    case 2: self = .listInstrument(try reader.value())
    case 3:
      let id: AccountID = try reader.value()
      self = .openAccount(id, try reader.tag())
    case 4:
      let id: AccountID = try reader.value()
      self = .depositCollateral(id, try reader.value())
    case 5:
      let id: AccountID = try reader.value()
      self = .withdrawCollateral(id, try reader.value())
    case 6: self = .contributeToFund(try reader.value())
    case 7: self = .recordTrade(try reader.value())
    case 8:
      let id: AccountID = try reader.value()
      self = .placeOrder(id, try reader.value())
    case 9:
      let id: AccountID = try reader.value()
      self = .cancelOrder(id, try reader.value())
    case 10:
      let instant: Timestamp = try reader.value()
      self = .advanceBlock(at: instant, samples: try reader.list())
    case 11: self = .reportExecution(try reader.value())
    case 12: self = .restart(at: try reader.value())
    case 13:
      let quote: Asset = try reader.value()
      self = .openVenue(quote: quote, try reader.value())
    case Self.auctionTag: self = try Self.readAuction(&reader)
    case Self.executionTags: self = try Self.readExecution(tag, &reader)
    case Self.relayerTags: self = try Self.readRelayers(tag, &reader)
    case 80...84: self = try Self.readPool(tag, &reader)
    case 96...97: self = try Self.readBalance(tag, &reader)
    case Self.conversionTag: self = try Self.readConversion(&reader)
    case 98: self = .openHedge(try reader.value())
    case 120:
      let universe: RiskUniverse = try reader.value()
      self = .contributeToUniverse(universe, try reader.value())
    default: self = try Self.readAccess(tag, &reader)
    }
  }
}
