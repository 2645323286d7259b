// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("A civil date")
struct CivilDateTests {
  // Expected: GNU date, `date -u -d <date> +%s` ÷ 86,400.
  @Test(
    "counts days from 1970",
    arguments: [
      (1970, 1, 1, 0), (1970, 3, 1, 59), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017),
      (2020, 3, 12, 18_333), (2099, 12, 31, 47_481), (2100, 2, 28, 47_540),
      (2100, 3, 1, 47_541), (2200, 12, 31, 84_370),
    ])
  func days(year: Int64, month: Int64, day: Int64, expected: Int64) throws {
    let date = try #require(CivilDate(year: year, month: month, day: day))
    #expect(date.daysSinceEpoch == expected)
    #expect(CivilDate.split(date.midnight).date == date)
  }

  @Test("follows the one before, day by day, over the whole range")
  func everyDay() {
    var expected: Int64 = 0
    var isUnbroken = true
    for year in Int64(1970)...2200 {
      for month in Int64(1)...12 {
        for day in Int64(1)...31 {
          guard let date = CivilDate(year: year, month: month, day: day) else { continue }
          isUnbroken =
            isUnbroken && date.daysSinceEpoch == expected
            && CivilDate.split(date.midnight) == (date, 0)
          expected += 1
        }
      }
    }
    #expect(isUnbroken)
    // 231 years, of which 1972, 1976, … 2196 are leap years except 2100 and 2200.
    #expect(expected == 231 * 365 + 56)
  }

  @Test(
    "does not exist outside the calendar",
    arguments: [
      (2020, 2, 30), (2021, 2, 29), (2100, 2, 29), (2020, 4, 31), (2020, 0, 1), (2020, 13, 1),
      (2020, 1, 0), (2020, 1, 32), (1969, 12, 31), (2201, 1, 1), (.max, 1, 1), (2020, .min, 1),
    ])
  func refusals(year: Int64, month: Int64, day: Int64) {
    #expect(CivilDate(year: year, month: month, day: day) == nil)
  }

  @Test("is ordered by year, month and day, and written with leading zeros")
  func order() throws {
    let dates = [(2020, 3, 12), (2020, 12, 3), (2021, 1, 1)].compactMap {
      CivilDate(year: $0.0, month: $0.1, day: $0.2)
    }
    #expect(dates.shuffled().sorted() == dates)
    #expect(dates.map(\.description) == ["2020-03-12", "2020-12-03", "2021-01-01"])
  }
}

@Suite("An instant")
struct TimestampTests {
  // Expected: GNU date, `date -u -d <text> +%s`.
  @Test(
    "is read and written in ISO 8601",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2020-03-12T10:45:00Z", 1_584_009_900),
      ("2020-03-13T02:16:30Z", 1_584_065_790), ("2000-02-29T23:59:59Z", 951_868_799),
      ("2199-12-31T23:59:59Z", 7_258_118_399),
    ])
  func roundTrip(text: String, seconds: Int64) throws {
    #expect(try Timestamp(iso8601: text) == Timestamp(seconds: seconds))
    #expect(Timestamp(seconds: seconds).description == text)
  }

  @Test("may leave out seconds, or the time")
  func shortForms() throws {
    let midnight = Timestamp(seconds: 1_583_971_200)
    #expect(try Timestamp(iso8601: "2020-03-12") == midnight)
    #expect(try Timestamp(iso8601: "2020-03-12T00:00Z") == midnight)
    #expect(try Timestamp(iso8601: "2020-03-12T02:16Z") == midnight + TimeSpan(seconds: 8_160))
  }

  @Test(
    "is refused in any other form",
    arguments: [
      "", "2020", "2020-03", "2020-3-12", "2020-03-1", "20-03-0012", "2020-02-30", "2020/03/12",
      "2020-03-+1", "2020-+3-12", "+020-03-12", "2020-03-12T", "2020-03-12TZ", "2020-03-12T02Z",
      "2020-03-12T2:16Z", "2020-03-12T02:6Z", "2020-03-12T02:16", "2020-03-12T24:00Z",
      "2020-03-12T23:60Z", "2020-03-12T23:59:60Z", "2020-03-12T02:16:30.5Z",
      "2020-03-12T+2:16Z", "2020-03-12T02:16:00+00:00", "2020-03-12 02:16Z",
      "2020-03-12T02:16:00:00Z", "2020-03-12t02:16Z",
    ])
  func malformed(text: String) {
    #expect(throws: QuantityError.malformedDecimal(text)) { try Timestamp(iso8601: text) }
  }

  @Test("shows a fraction only when there is one")
  func fraction() {
    let second = Timestamp(seconds: 1_584_009_900)
    #expect(Timestamp(milliseconds: 1_584_009_900_000) == second)
    #expect(
      (second + TimeSpan(nanoseconds: 1)).description == "2020-03-12T10:45:00.000000001Z")
    #expect(
      Timestamp(milliseconds: 1_584_009_900_250).description == "2020-03-12T10:45:00.25Z")
  }

  @Test("before 1970 belongs to the day before")
  func negative() {
    let instant = Timestamp(nanoseconds: -1)
    #expect(CivilDate.split(instant).date.description == "1969-12-31")
    #expect(CivilDate.split(instant).nanoseconds == 86_399_999_999_999)
    #expect(instant.description == "1969-12-31T23:59:59.999999999Z")
  }

  @Test("is permitted from 1970 to 2200, to the nanosecond")
  func limits() throws {
    let permitted = Timestamp.permitted
    let nanosecond = TimeSpan(nanoseconds: 1)
    #expect(permitted.lowerBound.description == "1970-01-01T00:00:00Z")
    #expect(permitted.upperBound.description == "2200-01-01T00:00:00Z")
    #expect(permitted.contains(permitted.lowerBound))
    #expect(permitted.contains(permitted.upperBound))
    #expect(!permitted.contains(permitted.lowerBound - nanosecond))
    #expect(!permitted.contains(permitted.upperBound + nanosecond))
  }

  @Test("differs from another by a span")
  func arithmetic() {
    let start = Timestamp(seconds: 100)
    let end = start + .minute
    #expect(end - start == TimeSpan(seconds: 60))
    #expect(end - .minute == start)
    #expect(start < end)
    #expect(TimeSpan.zero < .minute && TimeSpan.minute < .hour && TimeSpan.hour < .day)
    #expect(TimeSpan.day.nanoseconds == 86_400_000_000_000)
    #expect(TimeSpan.hour.days == 1.0 / 24.0)
    #expect(TimeSpan(seconds: 365 * 86_400).years == 1)
    #expect(TimeSpan(nanoseconds: 1_500_000_000).description == "1.5 s")
  }
}
