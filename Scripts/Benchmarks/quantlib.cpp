// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// What QuantLib takes for the jobs of `plimsoll bench`, on this machine: a line a job, its name and
// the best nanoseconds per item. `./dev bench` compiles it where libquantlib0-dev is installed.

#include <ql/quantlib.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

using namespace QuantLib;

namespace {

/// The best of several runs, in nanoseconds per item.
template <class Work>
void report(const char *name, int items, int runs, Work work) {
  double best = 1e300;
  for (int run = 0; run < runs; ++run) {
    auto start = std::chrono::steady_clock::now();
    work();
    std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  std::printf("%s %.3f\n", name, best / items);
}

volatile double sink;

void black() {
  const int count = 4096;
  std::mt19937_64 generator(3);
  std::uniform_real_distribution<double> strike(50, 150), volatility(0.3, 1), years(0.02, 0.5);
  std::vector<double> strikes, deviations, expiries;
  for (int index = 0; index < count; ++index) {
    strikes.push_back(strike(generator));
    expiries.push_back(years(generator));
    deviations.push_back(volatility(generator) * std::sqrt(expiries.back()));
  }
  // Two of the six Greeks fewer: QuantLib's calculator has no vanna and no volga.
  report("BlackCalculator", count, 40, [&] {
    double sum = 0;
    for (int index = 0; index < count; ++index) {
      BlackCalculator value(
          index % 2 ? Option::Put : Option::Call, strikes[index], 100, deviations[index], 1);
      sum += value.value() + value.deltaForward() + value.gammaForward() +
             value.vega(expiries[index]) + value.theta(100, expiries[index]);
    }
    sink = sum;
  });
  std::vector<double> prices;
  for (int index = 0; index < count; ++index) {
    auto type = strikes[index] > 100 ? Option::Call : Option::Put;
    prices.push_back(blackFormula(type, strikes[index], 100, deviations[index]));
  }
  report("blackFormulaImpliedStdDev", count, 10, [&] {
    double sum = 0;
    for (int index = 0; index < count; ++index) {
      auto type = strikes[index] > 100 ? Option::Call : Option::Put;
      sum += blackFormulaImpliedStdDev(
          type, strikes[index], 100, prices[index], 1, 0, Null<Real>(), 1e-12, 200);
    }
    sink = sum;
  });
}

void bates() {
  Date today(12, March, 2020);
  Settings::instance().evaluationDate() = today;
  DayCounter days = Actual365Fixed();
  Handle<YieldTermStructure> flat(ext::make_shared<FlatForward>(today, 0.0, days));
  Handle<Quote> spot(ext::make_shared<SimpleQuote>(100.0));
  // The calm set of bench's own slice.
  auto model = ext::make_shared<BatesModel>(ext::make_shared<BatesProcess>(
      flat, flat, spot, 0.36, 4, 0.30, 1.2, -0.25, 4, -0.03, 0.10));
  auto exercise = ext::make_shared<EuropeanExercise>(today + 30);
  std::vector<ext::shared_ptr<VanillaOption>> options;
  for (int index = 0; index < 40; ++index) {
    auto payoff = ext::make_shared<PlainVanillaPayoff>(
        index < 20 ? Option::Put : Option::Call, 60 + 2 * index);
    options.push_back(ext::make_shared<VanillaOption>(payoff, exercise));
    options.back()->setPricingEngine(ext::make_shared<BatesEngine>(model, 128));
  }
  report("BatesEngine", 1, 10, [&] {
    double sum = 0;
    for (auto &option : options) {
      option->recalculate();
      sum += option->NPV();
    }
    sink = sum;
  });
}

}  // namespace

int main() {
  black();
  bates();
}
