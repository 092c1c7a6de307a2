#include <cohort/aggregation/group_mean.hpp>
#include <cohort/aggregation/sums.hpp>
#include "../catch.hpp"
#include "weights.hpp"

namespace {

/// Steps of series in any order, some series absent, some without a valid step.
struct drawn {
  int series, lanes = 0;
  integers series_of, group_offsets{0}, group_of;  ///< of steps; of series
  flags valid;

  explicit drawn(std::uint32_t seed) {
    random_stream draws(stream_id{13, draw_purpose::user, seed});
    series = 1 + int(draws.integer(40));
    int M = int(draws.integer(seed % 3 == 0 ? 700 : 60)), packed = int(draws.integer(2));
    for (int i = 0; i < M; ++i) series_of.push_back(std::int32_t(draws.integer(std::uint32_t(series))));
    if (packed) std::sort(series_of.begin(), series_of.end());
    if (draws.integer(2) == 0) {  // every lanes-th series is one of the same group
      for (lanes = 1 + int(draws.integer(9)); series % lanes != 0;) --lanes;
      for (int n = 0; n < series; ++n) group_of.push_back(n % lanes);
    }
    while (int(group_of.size()) < series) {
      int size = std::min(series - group_offsets.back(), int(draws.integer(8)));  // none at all, too
      group_of.insert(group_of.end(), std::size_t(size), std::int32_t(group_offsets.size()) - 1);
      group_offsets.push_back(group_offsets.back() + size);
    }
    if (draws.integer(3) == 0) return;
    std::vector<double> share(series);
    for (double& s : share) s = draws.integer(4) == 0 ? 0 : draws.uniform();
    if (draws.integer(10) == 0) share.assign(share.size(), 0);
    for (int s : series_of) valid.push_back(draws.uniform() < share[s]);
  }
  cohort::partition groups() const {
    return lanes ? cohort::partition::lanes(series / lanes, lanes)
                 : cohort::partition::segments(all(group_offsets), series, 8);
  }
  bool is_valid(int i) const { return valid.empty() || valid[i]; }
  /// The steps of series n, or its valid ones.
  int steps(int n, bool only_valid, int pieces_of = 1) const {
    int count = 0;
    for (int i = 0; i < int(series_of.size()); ++i)
      count += series_of[i] / pieces_of == n && (!only_valid || is_valid(i));
    return count;
  }
  int present(bool only_valid, int pieces_of = 1) const {
    int count = 0;
    for (int n = 0; n < series; ++n) count += steps(n, only_valid, pieces_of) > 0;
    return count;
  }
};

template <class Mode, class F>
void check(drawn const& s, Mode const& mode, F weight_of) {
  auto in_type = [&]<class T>(T) {
    eigen::basic_backend<T> backend;
    std::vector<T> found(s.series_of.size(), T(-1));
    auto valid = s.valid.empty() ? view<std::uint8_t const>{} : all(s.valid);
    mode(backend, {std::ptrdiff_t(found.size()), s.series, all(s.series_of), valid, s.groups()}, all(found));
    for (int i = 0; i < int(found.size()); ++i) {
      double expected = s.is_valid(i) ? weight_of(i) : 0;
      REQUIRE(close(double(found[i]), expected, 4 * double(std::numeric_limits<T>::epsilon())));
    }
  };
  in_type(double());
  in_type(float());
}

}  // namespace

TEST_CASE(
    "aggregations: every weight is its formula, for any steps of any series in any order, some without a valid one") {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    drawn s(seed);
    random_stream draws(stream_id{14, draw_purpose::user, seed});
    int valid = 0;
    for (int i = 0; i < int(s.series_of.size()); ++i) valid += s.is_valid(i);
    check(s, step_mean{}, [&](int) { return 1. / valid; });
    check(s, step_sum{}, [&](int) { return 1.; });
    std::vector<int> own(s.series);
    for (int n = 0; n < s.series; ++n) own[n] = s.steps(n, true);
    for (auto empty : {empty_series::leave, empty_series::count}) {
      double series = s.present(empty == empty_series::leave), length = draws.uniform(.1, 100);
      check(s, series_mean{empty}, [&](int i) { return 1 / (series * own[s.series_of[i]]); });
      check(s, series_sum_mean{length, empty}, [&](int) { return 1 / (series * length); });
    }
    std::vector<int> of_group(s.series), here(s.series);
    for (int i = 0; i < int(s.series_of.size()); ++i)
      of_group[s.group_of[s.series_of[i]]] += s.is_valid(i), ++here[s.group_of[s.series_of[i]]];
    auto some = [](std::vector<int> const& counts) {
      return double(std::count_if(counts.begin(), counts.end(), [](int n) { return n > 0; }));
    };
    check(s, group_mean{}, [&](int i) { return 1 / (some(of_group) * of_group[s.group_of[s.series_of[i]]]); });
    check(s, group_mean{empty_series::count},
          [&](int i) { return 1 / (some(here) * of_group[s.group_of[s.series_of[i]]]); });
    int in_piece = 1 + int(draws.integer(50)), pieces = s.present(false, in_piece);
    std::vector<int> of_piece(s.series);
    for (int n = 0; n < s.series; ++n) of_piece[n] = s.steps(n, true, in_piece);
    check(s, piecewise_step_mean{in_piece},
          [&](int i) { return 1. / (double(pieces) * of_piece[s.series_of[i] / in_piece]); });
  }
}

TEST_CASE(
    "aggregations: of_series gives what the call gives to the valid steps of each series, where all series are here") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    random_stream draws(stream_id{15, draw_purpose::user, seed});
    int N = 1 + int(draws.integer(40));
    integers series_of;
    flags valid;
    numbers own;
    for (int n = 0; n < N; ++n) {
      double share = draws.integer(4) == 0 ? 0 : draws.uniform();
      own.push_back(0);
      for (int t = 0, T = 1 + int(draws.integer(30)); t < T; ++t) {
        series_of.push_back(n);
        valid.push_back(draws.uniform() < share);
        own.back() += valid.back();
      }
    }
    auto same = [&](auto const& mode) {
      cpu backend;
      numbers expected = weights(mode, series_of, N, valid), found(std::size_t(N), -1);
      mode.of_series(backend, view<double const>(all(std::as_const(own))), all(found));
      for (std::size_t i = 0; i < series_of.size(); ++i)
        if (valid[i]) REQUIRE(close(found[std::size_t(series_of[i])], expected[i], 1e-15));
    };
    same(step_mean{}), same(step_sum{});
    for (auto empty : {empty_series::leave, empty_series::count})
      same(series_mean{empty}), same(series_sum_mean{draws.uniform(.1, 100), empty});
    same(piecewise_step_mean{1 + std::int32_t(draws.integer(50))});

    integers ends{0};
    while (ends.back() < N) ends.push_back(std::min(N, ends.back() + 1 + int(draws.integer(4))));
    partition groups = partition::segments(all(std::as_const(ends)), N, 4);
    for (auto empty : {empty_series::leave, empty_series::count}) {
      cpu backend;
      numbers expected(series_of.size()), found(std::size_t(N), -1);
      auto M = std::ptrdiff_t(series_of.size());
      group_mean mode{empty};
      mode(backend, aggregated_steps<double>{M, N, all(std::as_const(series_of)), all(std::as_const(valid)), groups},
           all(expected));
      mode.of_series(backend, view<double const>(all(std::as_const(own))), groups, all(found));
      for (std::size_t i = 0; i < series_of.size(); ++i)
        if (valid[i]) REQUIRE(close(found[std::size_t(series_of[i])], expected[i], 1e-15));
    }
  }
}

TEST_CASE("piecewise_step_mean: a float cuts series into pieces as integers do, up to the number that it refuses") {
  eigen::basic_backend<float> backend;
  std::int32_t const most = (1 << 23) - 2;
  for (std::int32_t cut : {1, 3, 7, 1000, 4093, 99991, most}) {
    integers of;  // the ends of pieces, where a rounding would show
    for (std::int32_t n = cut; n < most && of.size() < 4000; n += (most / cut / 1000 + 1) * cut)
      of.push_back(n - 1), of.push_back(n);
    if (of.empty()) of = {0, most - 1};
    std::vector<float> weight(of.size());
    piecewise_step_mean{cut}(backend, {std::ptrdiff_t(of.size()), most, all(std::as_const(of)), {}}, all(weight));
    integers pieces;
    for (int n : of) pieces.push_back(n / cut);
    double different = 1;
    for (std::size_t i = 1; i < of.size(); ++i) different += pieces[i] != pieces[i - 1];
    for (std::size_t i = 0; i < of.size(); ++i) {
      double steps = double(std::count(pieces.begin(), pieces.end(), pieces[i]));
      REQUIRE(close(weight[i], 1 / (different * steps), 1e-6));
    }
  }
  integers one{0};
  std::vector<float> weight(1);
  REQUIRE_THROWS_WITH(piecewise_step_mean{}(backend, {1, 1 << 23, all(std::as_const(one)), {}}, all(weight)),
                      Catch::Matchers::ContainsSubstring("number of series"));
}
