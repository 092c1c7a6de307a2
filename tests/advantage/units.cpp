#include <cmath>
#include <cohort/advantage/all.hpp>
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

TEST_CASE("units: one outlier of 1e20 in float") {
  auto a = advantages<float>(group_relative{}, {1, 0, 0, -1e20f}, 4);
  for (std::size_t i = 0; i < 3; ++i) CHECK(near(a[i], .5));
  CHECK(near(a[3], -1.5));
}
