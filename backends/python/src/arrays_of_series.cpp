#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "arrays.hpp"

// Arrays with a number for each series.

namespace cohort::python {

template <class T>
view<T const> call::vector(nb::handle given, char const* what) {
  any_array a = array_of<T>(given, what);
  if (a.ndim() != 1 || a.size() == 0)
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected a number for each series");
  if (a.size() > 1 && a.stride(0) != 1)
    refuse(std::string(what) + " has the stride " + std::to_string(a.stride(0)) +
           ", expected 1 (numpy.ascontiguousarray makes a copy of stride 1)");
  view<T const> found{static_cast<T const*>(a.data()), std::ptrdiff_t(a.size())};
  kept_.push_back(std::move(a));
  return found;
}
template view<float const> call::vector<float>(nb::handle, char const*);
template view<double const> call::vector<double>(nb::handle, char const*);

template <class T>
view<T const> call::numbers_of_series(nb::handle given, char const* what, std::ptrdiff_t N) {
  auto found = vector<T>(given, what);
  if (found.rows != N)
    refuse(std::string(what) + " has " + std::to_string(found.rows) + " elements, expected one for each of the " +
           std::to_string(N) + " series");
  return found;
}
template view<float const> call::numbers_of_series<float>(nb::handle, char const*, std::ptrdiff_t);
template view<double const> call::numbers_of_series<double>(nb::handle, char const*, std::ptrdiff_t);

std::vector<std::int64_t> call::integers(nb::handle given, char const* what, std::ptrdiff_t N) {
  any_array a = array(given, what, "integers");
  if (!is_whole(a)) refuse_type(nb::cast(nb::ndarray<nb::numpy, nb::ro>(a)), what, "integers");
  if (a.ndim() != 1 || std::ptrdiff_t(a.size()) != N)
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected an integer for each of the " +
           std::to_string(N) + " series");
  a = converted(a, "int64", what, "integers that int64 holds");
  auto* data = static_cast<std::int64_t const*>(a.data());
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < a.size(); ++i) found.push_back(data[std::int64_t(i) * a.stride(0)]);
  return found;
}

std::vector<std::int64_t> call::count_flags(nb::handle given, char const* what, std::ptrdiff_t N, bool* by_step) {
  any_array a = flag_array(given, what);
  if (a.ndim() < 1 || a.ndim() > 2 || std::ptrdiff_t(a.shape(0)) != N)
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected a flag for each of the " +
           std::to_string(N) + " series, or for each of their steps");
  if (by_step) *by_step = a.ndim() == 2;
  auto* data = static_cast<std::uint8_t const*>(a.data());
  std::vector<std::int64_t> found(std::size_t(N), 0);
  for (std::size_t n = 0; n < found.size(); ++n)
    for (std::size_t t = 0; t < (a.ndim() == 2 ? a.shape(1) : 1); ++t)
      found[n] += data[std::int64_t(n) * a.stride(0) + (a.ndim() == 2 ? std::int64_t(t) * a.stride(1) : 0)] != 0;
  return found;
}

groups_of_series call::groups(nb::handle given, std::ptrdiff_t N) {
  groups_of_series found{std::vector<std::int32_t>(std::size_t(N)), {0}};
  std::iota(found.order.begin(), found.order.end(), 0);
  std::int64_t size = 0;
  if (nb::try_cast(given, size)) {
    if (size <= 0 || N % size != 0)
      refuse("group is " + std::to_string(size) + ", expected a size that divides the " + std::to_string(N) +
             " series, or the number of each series' group");
    for (std::ptrdiff_t n = size; n <= N; n += size) found.offsets.push_back(std::int32_t(n));
    return found;
  }
  auto of = integers(given, "group", N);
  std::unordered_map<std::int64_t, std::int32_t> first;  // member of each group
  for (std::ptrdiff_t n = 0; n < N; ++n) first.try_emplace(of[std::size_t(n)], std::int32_t(n));
  auto group = [&](std::int32_t n) { return first.at(of[std::size_t(n)]); };
  std::sort(found.order.begin(), found.order.end(),
            [&](std::int32_t a, std::int32_t b) { return std::pair(group(a), a) < std::pair(group(b), b); });
  for (auto n = std::size_t(1); n <= found.order.size(); ++n)
    if (n == found.order.size() || group(found.order[n]) != group(found.order[n - 1]))
      found.offsets.push_back(std::int32_t(n));
  return found;
}

}  // namespace cohort::python
