// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Population {
  /// What the population is drawn from and why, in full sentences for the report.
  public static let documentation = [
    """
    Leverage: BitMEX published an average effective leverage of 22 for longs and 30 for shorts in \
    XBTUSD, weighted by size (April 2019, 80 % of contracts at 54 or less), Binance that a fifth \
    of its futures users chose 125 while those who bring four fifths of the volume stay below 20 \
    (December 2019). Here notional over collateral is lognormal with a median of 12 for isolated \
    positions and of 2 to 5 for the rest, and never higher than initial margin permits. The \
    medians of cross and portfolio accounts are assumptions; for comparison, winners closed by \
    Hyperliquid's auto-deleveraging of 10 October 2025 had a median leverage of 0.2.
    """,
    """
    Sizes: notionals are lognormal (medians of 3,000 to 40,000 USD, deviation 1.3), one account \
    in twenty draws from a power law with exponent 1.5, as measured for the volumes of trades by \
    Gabaix and others (Nature, 2003). The medians are assumptions, chosen so that 10,000 accounts \
    in BTC and ETH hold open interest of about three tenths of the book's ordinary daily volume.
    """,
    """
    Direction: 60 % of directional accounts are long. That markets were long before the crash is \
    recorded: Binance's BTC funding averaged 0.044 % per eight hours from 1 February to 11 March \
    2020, against 0.01 % in balance, paid by longs. The size of the skew is an assumption.
    """,
    """
    Modes and styles (assumptions): 25 % isolated, with one perpetual; 60 % cross, of whom 70 % \
    trade direction, 12 % buy options and 18 % sell puts and strangles; 15 % portfolio, about half \
    of them option makers who hedge delta, the others sellers of strangles, traders of the basis \
    and diversified funds. Four positions an account on average.
    """,
    """
    Collateral: in the assets in which positions settle, so who holds inverse contracts holds \
    coin, as everybody on BitMEX and Deribit did then; one account in ten keeps half of its \
    dollars in coin (assumption). Underlyings are chosen by the square root of their volume \
    (assumption).
    """,
    """
    One account in seven has resting orders, 1 to 5 % from the mark (assumption). Longs and \
    shorts are matched with each other at the mark; \(makersEach) maker accounts for each \
    underlying take the rest and every fill of a liquidation, with collateral of five times what \
    they hold: they stand for the market outside.
    """,
  ].joined(separator: " ")
}
