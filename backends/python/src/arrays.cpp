#include "arrays.hpp"
#if __has_include(<pthread.h>)
#include <pthread.h>
#endif
#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>

#include "memory.hpp"

namespace cohort::python {

namespace {

std::atomic<bool> in_a_child = false;

}  // namespace

bool forked() { return in_a_child.load(std::memory_order_relaxed); }
void notice_forks() {
#if __has_include(<pthread.h>)
  pthread_atfork(nullptr, nullptr, [] { in_a_child = true; });
#endif
}

std::string type_name(nb::dlpack::dtype type) {
  auto code = nb::dlpack::dtype_code(type.code);
  char const* kind = code == nb::dlpack::dtype_code::Float     ? "float"
                     : code == nb::dlpack::dtype_code::Int     ? "int"
                     : code == nb::dlpack::dtype_code::UInt    ? "uint"
                     : code == nb::dlpack::dtype_code::Bool    ? "bool"
                     : code == nb::dlpack::dtype_code::Bfloat  ? "bfloat"
                     : code == nb::dlpack::dtype_code::Complex ? "complex"
                                                               : "another kind of ";
  return code == nb::dlpack::dtype_code::Bool ? kind : kind + std::to_string(int(type.bits));
}

std::string shape_text(any_array const& a) {
  std::string all = "(";
  for (std::size_t k = 0; k < a.ndim(); ++k) all += (k > 0 ? ", " : "") + std::to_string(a.shape(k));
  return all + (a.ndim() == 1 ? ",)" : ")");
}

namespace {

std::string strides_text(any_array const& a) {
  std::string all = "(";
  for (std::size_t k = 0; k < a.ndim(); ++k) all += (k > 0 ? ", " : "") + std::to_string(a.stride(k));
  return all + ")";
}
std::string text(layout const& l) {
  return l.dimensions == 1 ? "(" + std::to_string(l.steps) + ",)"
                           : "(" + std::to_string(l.series) + ", " + std::to_string(l.steps) + ")";
}
bool goes_by(bool step, std::ptrdiff_t series, std::ptrdiff_t steps, std::int64_t along_series,
             std::int64_t along_steps) {
  return step ? (series == 1 || along_series == 1) && (steps == 1 || along_steps == series)
              : (steps == 1 || along_steps == 1) && (series == 1 || along_series == steps);
}

}  // namespace

void call::refuse(std::string const& what) const { throw shape_error(std::string(name_) + ": " + what); }

any_array call::array(nb::handle given, char const* what) const {
  any_array a;
  if (given.is_none()) refuse(std::string(what) + " is None, expected an array");
  if (!nb::try_cast(given, a, false))
    throw nb::type_error((std::string(name_) + ": " + what + " is of type " +
                          nb::cast<std::string>(nb::str(given.type().attr("__name__"))) +
                          ", expected an array in the memory of the CPU (numpy's, or one that gives DLPack)")
                             .c_str());
  return a;
}

void call::fit(any_array const& a, char const* what) {
  bool known = layout_.dimensions > 0;
  if (a.ndim() < 1 || a.ndim() > 2 || a.size() == 0)
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected " +
           (known ? text(layout_) : "[series, step] or [step], with a step or more"));
  layout l{a.ndim() == 2 ? std::ptrdiff_t(a.shape(0)) : 1, std::ptrdiff_t(a.shape(a.ndim() - 1)),
           known && layout_.by_step, int(a.ndim()), layout_.first};
  if (known && (l.series != layout_.series || l.steps != layout_.steps || l.dimensions != layout_.dimensions))
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected " + text(layout_) + ", that of " +
           layout_.first);
  std::int64_t along_series = a.ndim() == 2 ? a.stride(0) : l.steps, along_steps = a.stride(a.ndim() - 1);
  if (!known && !goes_by(false, l.series, l.steps, along_series, along_steps)) l.by_step = true;
  if (!goes_by(l.by_step, l.series, l.steps, along_series, along_steps)) {
    std::string expected = !known      ? "one block of memory, by rows or by columns"
                           : l.by_step ? "those of " + layout_.first + ", whose columns are contiguous"
                                       : "those of " + layout_.first + ", whose rows are contiguous";
    refuse(std::string(what) + " has the strides " + strides_text(a) + " in elements, expected " + expected +
           " (numpy.ascontiguousarray makes a copy with contiguous rows)");
  }
  if (known) return;
  layout_ = l;
  layout_.first = what;
}

template <class T>
view<T const> call::numbers(nb::handle given, char const* what, std::vector<T>* of_series) {
  if (given.is_none()) return {};
  any_array a = array(given, what);
  if (a.dtype() != nb::dtype<T>())
    refuse(std::string(what) + " has elements of type " + type_name(a.dtype()) + ", expected " + type_name<T>() +
           (layout_.first.empty() ? "" : ", that of " + layout_.first));
  auto* data = static_cast<T const*>(a.data());
  if (of_series && a.ndim() == 1 && layout_.dimensions == 2) {
    if (std::ptrdiff_t(a.size()) != layout_.series)
      refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected " + text(layout_) +
             ", or a number for each of the " + std::to_string(layout_.series) + " series");
    for (std::ptrdiff_t n = 0; n < layout_.series; ++n) of_series->push_back(data[n * a.stride(0)]);
    return {};
  }
  fit(a, what);
  kept_.push_back(std::move(a));
  return {data, layout_.size()};
}
template view<float const> call::numbers<float>(nb::handle, char const*, std::vector<float>*);
template view<double const> call::numbers<double>(nb::handle, char const*, std::vector<double>*);

view<std::uint8_t const> call::flags(nb::handle given, char const* what) {
  if (given.is_none()) return {};
  any_array a = array(given, what);
  if (a.dtype() != nb::dtype<bool>() && a.dtype() != nb::dtype<std::uint8_t>())
    refuse(std::string(what) + " has elements of type " + type_name(a.dtype()) + ", expected bool or uint8");
  fit(a, what);
  view<std::uint8_t const> found{static_cast<std::uint8_t const*>(a.data()), layout_.size()};
  kept_.push_back(std::move(a));
  return found;
}

template <class T>
view<T const> call::vector(nb::handle given, char const* what) {
  any_array a = array(given, what);
  if (a.dtype() != nb::dtype<T>())
    refuse(std::string(what) + " has elements of type " + type_name(a.dtype()) + ", expected " + type_name<T>());
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

std::vector<std::int64_t> call::integers(nb::handle given, char const* what) {
  any_array a = array(given, what);
  bool narrow = a.dtype() == nb::dtype<std::int32_t>();
  if (!narrow && a.dtype() != nb::dtype<std::int64_t>())
    refuse(std::string(what) + " has elements of type " + type_name(a.dtype()) + ", expected int32 or int64");
  if (a.ndim() != 1)
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected an integer for each series");
  std::vector<std::int64_t> found(a.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::int64_t at = std::int64_t(i) * a.stride(0);
    found[i] = narrow ? static_cast<std::int32_t const*>(a.data())[at] : static_cast<std::int64_t const*>(a.data())[at];
  }
  return found;
}

std::vector<std::uint8_t> call::flags_of_series(nb::handle given, char const* what, std::ptrdiff_t N) {
  if (given.is_none()) return {};
  any_array a = array(given, what);
  if (a.dtype() != nb::dtype<bool>() && a.dtype() != nb::dtype<std::uint8_t>())
    refuse(std::string(what) + " has elements of type " + type_name(a.dtype()) + ", expected bool or uint8");
  if (a.ndim() != 1 || std::ptrdiff_t(a.size()) != N)
    refuse(std::string(what) + " has the shape " + shape_text(a) + ", expected a flag for each of the " +
           std::to_string(N) + " series");
  std::vector<std::uint8_t> found;
  for (std::ptrdiff_t n = 0; n < N; ++n)
    found.push_back(static_cast<std::uint8_t const*>(a.data())[n * a.stride(0)] != 0);
  return found;
}

std::vector<std::int32_t> call::groups(nb::handle given, std::ptrdiff_t N) {
  std::vector<std::int32_t> found{0};
  std::int64_t size = 0;
  if (nb::try_cast(given, size, false)) {
    if (size <= 0 || N % size != 0)
      refuse("group is " + std::to_string(size) + ", expected a size that divides the " + std::to_string(N) +
             " scores, or the number of each series' group");
    for (std::ptrdiff_t n = size; n <= N; n += size) found.push_back(std::int32_t(n));
    return found;
  }
  auto of = integers(given, "group");
  if (std::ptrdiff_t(of.size()) != N)
    refuse("group has " + std::to_string(of.size()) + " elements, expected one for each of the " + std::to_string(N) +
           " scores");
  std::vector<std::int64_t> seen;
  for (std::ptrdiff_t n = 1; n <= N; ++n)
    if (n == N || of[std::size_t(n)] != of[std::size_t(n - 1)]) {
      found.push_back(std::int32_t(n));
      seen.push_back(of[std::size_t(n - 1)]);
    }
  std::sort(seen.begin(), seen.end());
  if (auto twice = std::adjacent_find(seen.begin(), seen.end()); twice != seen.end())
    refuse("group " + std::to_string(*twice) + " stands in two places, expected its series next to each other");
  return found;
}

partition call::series(std::vector<std::int32_t>& offsets) const {
  if (layout_.by_step) return partition::lanes(layout_.steps, layout_.series);
  for (std::ptrdiff_t n = 0; n <= layout_.series; ++n) offsets.push_back(std::int32_t(n * layout_.steps));
  return partition::segments({offsets.data(), std::ptrdiff_t(offsets.size())}, layout_.size(), layout_.steps);
}

view<std::int32_t const> call::series_of() const {
  static layout made;
  static std::vector<std::int32_t> of;
  if (made.series != layout_.series || made.steps != layout_.steps || made.by_step != layout_.by_step) {
    of.resize(std::size_t(layout_.size()));
    for (std::ptrdiff_t i = 0; i < layout_.size(); ++i)
      of[std::size_t(i)] = std::int32_t(layout_.by_step ? i % layout_.series : i / layout_.steps);
    made = layout_;
  }
  return {of.data(), layout_.size()};
}

namespace {

template <class T>
T* room_for(std::ptrdiff_t count) {
  return static_cast<T*>(memory_of_results::only().take(std::size_t(count) * sizeof(T)));
}

template <class T>
nb::object owned(T* data, std::size_t dimensions, std::size_t const* shape, std::int64_t const* strides) {
  nb::capsule owner(data, [](void* p) noexcept { memory_of_results::only().give(p); });
  return nb::cast(nb::ndarray<nb::numpy, T>(data, dimensions, shape, owner, strides));
}

}  // namespace

template <class T>
result<T>::result(layout const& l) : numbers(room_for<T>(l.size()), l.size()) {
  std::size_t shape[2] = {std::size_t(l.series), std::size_t(l.steps)};
  std::int64_t strides[2] = {l.by_step ? 1 : l.steps, l.by_step ? l.series : 1};
  bool one = l.dimensions == 1;
  array = owned(numbers.data, one ? 1 : 2, one ? shape + 1 : shape, one ? strides + 1 : strides);
}
template <class T>
result<T> result<T>::vector(std::ptrdiff_t count) {
  result made;
  made.numbers = {room_for<T>(count), count};
  std::size_t shape[1] = {std::size_t(count)};
  std::int64_t strides[1] = {1};
  made.array = owned(made.numbers.data, 1, shape, strides);
  return made;
}
template struct result<float>;
template struct result<double>;

}  // namespace cohort::python
