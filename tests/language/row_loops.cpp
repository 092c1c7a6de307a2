#include <cohort/backend/eigen.hpp>

#include <set>
#include "draws.hpp"

using namespace cohort;
using loops = eigen::row_loops;
using detail::weights_between;

namespace {

using plain = detail::plain_row_loops;
constexpr int lengths[] = {0, 1, 15, 16, 17, 31, 32, 63, 64, 65, 100, 127, 128, 1000, 9000};

/// Weights in (0, 1], some of them equal.
template <class T>
std::vector<T> weights(int n) {
  std::vector<T> w;
  for (double x : normals(std::size_t(n), 3, std::uint32_t(n)))
    w.push_back(T(std::exp(-std::abs(std::round(8 * x) / 8))));
  return w;
}
/// A whole row through one formula of packs.
template <class T, class F>
std::vector<T> by_packs(std::vector<T> x, F f) {
  constexpr std::size_t W = eigen::pack<T>::width;
  while (x.size() % W != 0) x.push_back(x.back());
  for (std::size_t i = 0; i < x.size(); i += W) f(eigen::pack<T>::load(x.data() + i)).store(x.data() + i);
  return x;
}

}  // namespace

TEMPLATE_TEST_CASE("row_loops: measures, logs and bits of rows of any length are the plain loops'", "", float, double) {
  using T = TestType;
  double const tolerance = sizeof(T) == 4 ? 2e-7 : 1e-13;  // four floats are added in float
  for (int n : lengths)
    for (weights_between<T> which : {weights_between<T>{0, 1}, {T(.125), 1}, {T(.01), T(.5)}, {1, 0}}) {
      auto const e = weights<T>(n);
      CAPTURE(n, which.low, which.high);
      auto a = loops::measure(e.data(), 1, n, which), b = plain::measure(e.data(), 1, n, which);
      REQUIRE(a.count == b.count);
      REQUIRE(std::abs(a.mass - b.mass) <= tolerance * b.mass);
      double logs = plain::mass_of_logs(e.data(), 1, n, which), squares = 0;
      REQUIRE(std::abs(loops::mass_of_logs(e.data(), 1, n, which) - logs) <= 2 * tolerance * std::abs(logs));
      for (T x : e) squares += which.hold(x) ? double(x) * double(x) : 0;
      REQUIRE(std::abs(loops::squares(e.data(), n, which) - squares) <= 2 * tolerance * squares);
      std::vector<std::int32_t> words(std::size_t(2 * n / 32 + 2), 7), want = words;
      loops::write_bits(e.data(), 1, n, which, words.data(), 2);
      plain::write_bits(e.data(), 1, n, which, want.data(), 2);
      REQUIRE(words == want);
    }
}

TEMPLATE_TEST_CASE(
    "row_loops: what is collected is what the plain loops collect, in order, in place too, and up to a limit", "",
    float, double) {
  using T = TestType;
  for (int n : lengths)
    for (weights_between<T> outer : {weights_between<T>{0, 1}, {T(.01), 1}, {T(.01), T(.75)}})
      for (weights_between<T> inner : {weights_between<T>{1, 0}, {T(.25), outer.high}, {T(.25), T(.5)}}) {
        auto const e = weights<T>(n);
        std::vector<T> want(std::size_t(n + 1)), room(std::size_t(n + loops::slack)), place = e;
        place.resize(room.size());
        int all = plain::collect(e.data(), 1, n, outer, inner, want.data(), n), split = -1;
        want.resize(std::size_t(all));
        CAPTURE(n, outer.low, outer.high, inner.low, inner.high);
        REQUIRE(loops::collect(e.data(), 1, n, outer, inner, room.data(), n) == all);
        REQUIRE(std::equal(want.begin(), want.end(), room.begin()));
        REQUIRE(loops::collect(place.data(), 1, n, outer, inner, place.data(), n) == all);
        REQUIRE(std::equal(want.begin(), want.end(), place.begin()));
        if (all > 0) REQUIRE(loops::collect(e.data(), 1, n, outer, inner, room.data(), all - 1) == all);
        for (int most : {n, all / 2}) {
          auto inside = loops::split(e.data(), n, outer, inner, room.data(), most, split);
          REQUIRE(inside.count == plain::measure(e.data(), 1, n, inner).count);
          REQUIRE(split == std::min(all, most + 1));
          if (all <= most) REQUIRE(std::equal(want.begin(), want.end(), room.begin()));
        }
      }
}

TEMPLATE_TEST_CASE(
    "row_loops: the largest logit, and those near it with where they stand; the bound of the others' weights holds", "",
    float, double) {
  using T = TestType;
  for (int n : {1, 17, 100, 5000, 30'001}) {
    std::vector<T> l;
    for (double x : normals(std::size_t(n), 4, std::uint32_t(n))) l.push_back(T(x));
    T const top = *std::max_element(l.begin(), l.end()), temperature = T(.8), depth = 6,
            nan = std::numeric_limits<T>::quiet_NaN();
    REQUIRE(loops::largest(l.data(), 1, n) == top);
    std::vector<T> room(std::size_t(n + loops::slack));
    std::vector<std::int32_t> index(room.size());
    T maximum = l[0];
    double rest = 0, want = 0;
    int found = loops::template collect_near<true>(l.data(), n, T(maximum - depth), depth, maximum, temperature,
                                                   room.data(), index.data(), n, rest);
    CAPTURE(n, found);
    REQUIRE(maximum == top);
    REQUIRE(std::is_sorted(index.begin(), index.begin() + found));
    std::set<std::int32_t> near(index.begin(), index.begin() + found);
    REQUIRE(near.size() == std::size_t(found));
    for (int i = 0; i < found; ++i) REQUIRE(room[std::size_t(i)] == l[std::size_t(index[std::size_t(i)])]);
    for (int v = 0; v < n; ++v) {
      if (l[std::size_t(v)] >= top - depth) REQUIRE(near.contains(v));
      if (!near.contains(v)) want += std::exp(double(l[std::size_t(v)] - top) / double(temperature));
    }
    REQUIRE(rest >= want * .9999);
    REQUIRE(rest <= want * 1.063);
    auto again = [&](int most) {
      return loops::template collect_near<false>(l.data(), n, T(top - depth), depth, maximum, temperature, room.data(),
                                                 index.data(), most, rest);
    };
    if (found > 1) REQUIRE(again(1) == 2);
    l[std::size_t(n / 2)] = nan;
    REQUIRE(std::isnan(loops::largest(l.data(), 1, n)));
    REQUIRE(again(n) == n + 1);
  }
}

TEST_CASE(
    "row_loops: exponentials within 2 ulps and never above 1, logarithms within 2 ulps or 1e-7, rough exponentials "
    "within 6.2 percent") {
  std::vector<float> x{0, -1e-30f, -1e-7f, -87.3f, -87.34f, -100, -3e38f, -std::numeric_limits<float>::infinity()};
  for (int i = 0; i < 200'000; ++i) x.push_back(-float(i) * 87.3f / 200'000);
  auto e = by_packs(x, [](auto p) { return eigen::exp_of_nonpositive(p); }),
       rough = by_packs(x, [](auto p) { return eigen::rough_exp(p, 1.f); });
  for (std::size_t i = 0; i < x.size(); ++i) {
    double want = std::exp(double(x[i]));
    CAPTURE(x[i], e[i], want);
    REQUIRE(e[i] <= 1);
    if (x[i] < -87.33654f) REQUIRE(e[i] == 0);
    else REQUIRE(std::abs(e[i] - want) <= 2.5e-7 * want);
    if (x[i] > -87) REQUIRE((rough[i] >= want * .99999 && rough[i] <= want * 1.0617));
  }
  REQUIRE(e[0] == 1);
  std::vector<float> w;
  for (float v : e)
    if (v > 0) w.push_back(v);
  auto logs = by_packs(w, [](auto p) { return eigen::log_of_normal(p); });
  for (std::size_t i = 0; i < w.size(); ++i)
    REQUIRE(std::abs(logs[i] - std::log(double(w[i]))) <= std::max(1e-7, 2.4e-7 * std::abs(std::log(double(w[i])))));
}
