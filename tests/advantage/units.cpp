#include <cmath>
#include <cohort/advantage/all.hpp>
#include <cohort/rollout/executed_probe.hpp>
#include <cohort/scalar/welford.hpp>
#include <limits>

#include "../catch.hpp"
#include "../support/arrays.hpp"

// A z-score does not change with the unit of what it is made of, though the squares leave the type.

using namespace cohort;

namespace {

template <class T>
using backend_of = eigen::basic_backend<T>;
template <class T>
view<T> all_of(std::vector<T>& v) {
  return {v.data(), std::ptrdiff_t(v.size())};
}
template <class T>
bool near(T a, double b) {
  return std::abs(double(a) - b) <= 1e-5 * std::max(1., std::abs(b));
}

/// Advantages of groups of series of one step each.
template <class T, class E>
std::vector<T> advantages(E const& estimator, std::vector<T> reward, std::ptrdiff_t group) {
  backend_of<T> backend;
  std::ptrdiff_t N = std::ptrdiff_t(reward.size());
  std::vector<std::int32_t> offsets(std::size_t(N + 1)), groups;
  for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] = std::int32_t(i);
  for (std::ptrdiff_t i = 0; i <= N; i += group) groups.push_back(std::int32_t(i));
  std::vector<std::uint8_t> ended(reward.size(), 1), not_cut(reward.size(), 0);
  auto ints = [](auto const& v) { return view<std::int32_t const>(v.data(), std::ptrdiff_t(v.size())); };
  batch_view<T> b;
  b.series = partition::segments(ints(offsets), N, 1);
  b.groups = partition::segments(ints(groups), N, group);
  b.reward = view<T const>(reward.data(), N);
  b.terminated = view<std::uint8_t const>(ended.data(), N);
  b.truncated = view<std::uint8_t const>(not_cut.data(), N);
  std::vector<T> out(reward.size());
  estimator(backend, b, estimates<T>{all_of(out), {}});
  return out;
}

template <class T>
void do_not_change(double unit) {
  CAPTURE(unit);
  auto times = [&](std::vector<double> v) {
    std::vector<T> r;
    for (double x : v) r.push_back(T(x * unit));
    return r;
  };
  std::vector<double> const z{-1.161895, -.387298, .387298, 1.161895};
  auto is = [](std::vector<T> const& found, std::vector<double> const& right) {
    for (std::size_t i = 0; i < right.size(); ++i) {
      CAPTURE(i, found[i]);
      CHECK(near(found[i], right[i]));
    }
  };
  backend_of<T> backend;
  auto x = times({1, 2, 3, 4});
  standardize{}(backend, all_of(x));
  is(x, z);
  auto masked = times({1, 2, 3, 4, 9});
  std::vector<std::uint8_t> valid{1, 1, 1, 1, 0};
  standardize{}(backend, all_of(masked), view<std::uint8_t const>(valid.data(), 5));
  is(masked, z);
  auto moved = times({1, 2, 3, 4});
  standardize{.divide = false}(backend, all_of(moved));
  for (std::size_t i = 0; i < 4; ++i) CHECK(near(moved[i] / T(unit), double(i) - 1.5));

  is(advantages<T>(group_relative{}, times({1, 2, 3, 4}), 4), z);
  is(advantages<T>(group_relative{}, times({1, 0, 0, -10}), 4), {.626430, .433682, .433682, -1.493795});
  // A large group beside one of usual size: either has its own unit.
  auto mixed = times({1, 2, 3, 4});
  mixed.insert(mixed.end(), {T(1), T(2), T(3), T(4)});
  auto two = advantages<T>(group_relative{}, mixed, 4);
  is(two, z);
  is({two.begin() + 4, two.end()}, z);
  auto unscaled = advantages<T>(group_relative{.scale = group_scale::none}, times({1, 2, 3, 4}), 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(near(unscaled[i] / T(unit), double(i) - 1.5));
  is(advantages<T>(group_relative{.scale = group_scale::batch_std}, times({1, 2, 3, 4}), 4), z);
  is(advantages<T>(best_of_group{}, times({1, 2, 3, 4}), 4), {0, 0, 0, .774597});
  is(advantages<T>(whitened{group_relative{.scale = group_scale::none}}, times({1, 2, 3, 4}), 4), z);
  is(advantages<T>(whitened{.estimator = group_relative{.scale = group_scale::none}, .over = averaged_over::series},
                   times({1, 2, 3, 4}), 4),
     z);
}

}  // namespace

TEST_CASE("units: a z-score is the same in every unit, in float and double") {
  for (double unit : {1., 1e10, 1e15, 1e19, 1e30, 8e36}) do_not_change<float>(unit);
  for (double unit : {1., 1e19, 1e150, 1e154, 1e250, 1e306}) do_not_change<double>(unit);
}

namespace {

/// What hybrid_grpo makes of two states with four probes of one step each, the values 0.
template <class T>
std::vector<T> of_probes(hybrid_grpo const& estimator, std::vector<double> const& rewards, double unit) {
  backend_of<T> backend;
  std::vector<T> reward, none(8, T(0)), out(8);
  for (double r : rewards) reward.push_back(T(r * unit));
  std::vector<std::uint8_t> ended(8, 1), not_cut(8, 0);
  std::vector<std::int32_t> executed{0, 4};
  batch_view<T> b;
  b.series = partition::lanes(2, 1);
  b.group = 4;
  auto matrix = [](auto const& v) {
    return view<typename std::remove_cvref_t<decltype(v)>::value_type const>(v.data(), 1, 8);
  };
  b.reward = matrix(reward), b.terminated = matrix(ended), b.truncated = matrix(not_cut);
  b.probe_value = view<T const>(none.data(), 8), b.value = b.next_value = view<T const>(none.data(), 2);
  b.executed = view<std::int32_t const>(executed.data(), 2);
  estimator(backend, b, estimates<T>{all_of(out), {}});
  return out;
}
template <class T>
std::vector<T> running(std::vector<std::vector<double>> const& rollouts, double unit, double clip = 10) {
  backend_of<T> backend;
  running_reward_scale scale{.gamma = .5, .clip = clip};
  auto state = scale.template start<backend_of<T>>(backend);
  std::vector<T> all;
  for (auto const& r : rollouts) {
    std::vector<T> reward;
    for (double x : r) reward.push_back(T(x * unit));
    std::vector<std::uint8_t> none(r.size(), 0);
    batch_view<T> b;
    b.series = partition::lanes(std::ptrdiff_t(r.size()) / 2, 2);
    b.reward = view<T const>(reward.data(), std::ptrdiff_t(reward.size()));
    b.terminated = b.truncated = view<std::uint8_t const>(none.data(), std::ptrdiff_t(none.size()));
    auto out = reward;
    scale(backend, state, b, all_of(out));
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

template <class T>
void rows_do_not_change(double unit) {
  CAPTURE(unit);
  std::vector<double> const rewards{1, 2, 3, 4, 4, 4, 0, -4};
  auto same = [&](hybrid_grpo const& estimator, double scale = 1) {
    auto found = of_probes<T>(estimator, rewards, unit);
    auto expected = of_probes<double>(estimator, rewards, 1);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(i, found[i], expected[i]);
      CHECK(near(T(double(found[i]) / scale), expected[i]));
    }
  };
  // The baseline is the group's mean, the values being 0.
  baseline_mix const group{.kappa = 1};
  auto z = of_probes<T>({.baseline = group, .scale = group_scale::group_std}, rewards, unit);
  for (std::size_t i = 0; i < 4; ++i) CHECK(near(z[i], std::vector{-1.161895, -.387298, .387298, 1.161895}[i]));
  same({.baseline = group, .scale = group_scale::group_std});
  same({.baseline = group, .scale = group_scale::batch_std});
  same({.baseline = group, .transform = reward_transform::tanh_of_group_score});
  same({.baseline = group, .transform = reward_transform::tanh_of_batch_score});
  same({.baseline = group, .transform = reward_transform::weighted_in_group}, unit);
  same({.baseline = group}, unit);
}

}  // namespace

TEST_CASE("units: scores within a row of probes are the same in every unit, in float and double") {
  for (double unit : {1., 1e10, 1e19, 1e30, 8e36}) rows_do_not_change<float>(unit);
  for (double unit : {1., 1e19, 1e154, 1e160, 1e306}) rows_do_not_change<double>(unit);
}

TEST_CASE("units: rewards in running deviations are the same in every unit, also where it changes on the way") {
  std::vector<std::vector<double>> const rollouts{{1, -2, 3, 1, 0, 4}, {2, 2, -5, 1}, {1, 3}};
  auto expected = running<double>(rollouts, 1e8);  // so that what the statistics begin with is nothing
  for (double unit : {1e8, 1e19, 1e30, 1e36}) {
    auto found = running<float>(rollouts, unit);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(near(found[i], expected[i]));
  }
  for (double unit : {1e19, 1e154, 1e160, 1e300}) {
    auto found = running<double>(rollouts, unit);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(near(found[i], expected[i]));
  }
  // Small ones first: the large ones' deviation is that of 1e19 alone, by which later small ones are nothing.
  for (double large : {1e19, 1e160}) {
    std::vector<std::vector<double>> const mixed{{1, 2, 3, 4}, {large, -large}, {1, 2}};
    auto found = running<double>(mixed, 1);
    // count 4 (and 1e-4) + 2 numbers, of which two are +-large, but for what is 1e-19 of it
    double deviation = large * std::sqrt(2 / 6.0001);
    CHECK(near(found[4], large / deviation));
    CHECK(near(found[5], -large / deviation));
    CHECK(std::abs(found[6]) < 1e-17);
    if (large > 1e30) continue;
    auto in_float = running<float>(mixed, 1);
    CHECK(near(in_float[4], large / deviation));
  }
}

TEST_CASE("units: a sharp softmax over a state's probes takes the largest reward in every unit") {
  auto all_best = []<class T>(T unit) {
    backend_of<T> backend;
    std::vector<T> reward;
    std::vector<std::int32_t> executed(50, -1), from(200, -1);
    for (int n = 0; n < 50; ++n)
      for (int g = 0; g < 4; ++g) reward.push_back(T(g == n % 4 ? 5 : g) * unit);
    backend.for_rows(50, detail::choose_probe{4, 0, executed_probe::softmax, 1000, stream_id{1}},
                     view<T const>(reward.data(), 50, 4), all_of(executed), view<std::int32_t>(from.data(), 50, 4));
    for (int n = 0; n < 50; ++n)
      if (executed[std::size_t(n)] != n * 4 + n % 4) return false;
    return true;
  };
  for (float unit : {1.f, 1e19f, 1e37f}) CHECK(all_best(unit));
  for (double unit : {1., 1e160, 1e300}) CHECK(all_best(unit));
}

TEST_CASE("units: the deviation of an evaluation's returns, and of scores that come one by one") {
  for (double unit : {1., 1e160, 1e300}) {
    CHECK(near(detail::welford{}.deviation(), 0.));
    detail::welford w;
    for (double x : {1., 2., 3., 4.}) w.add(x * unit);
    CHECK(near(w.deviation() / unit, 1.290994));
    CHECK(near(w.mean() / unit, 2.5));
  }
  detail::welford late;
  for (double x : {1., 2., 1e160, -1e160}) late.add(x);
  CHECK(near(late.deviation() / 1e160, std::sqrt(2 / 3.)));
  detail::welford across;  // the number from which on the unit is another
  for (double x : {0., .99 * 0x1p400, 1.01 * 0x1p400}) across.add(x);
  CHECK(near(across.deviation() / 0x1p400, .57743687));
}

TEST_CASE("units: one outlier of 1e20 in float") {
  auto a = advantages<float>(group_relative{}, {1, 0, 0, -1e20f}, 4);
  for (std::size_t i = 0; i < 3; ++i) CHECK(near(a[i], .5));
  CHECK(near(a[3], -1.5));
}
