#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/backend/partition.hpp>
#include <memory>
#include <string>
#include <vector>

// numpy's arrays as views, without copies. An array of steps is [series, step]; its memory goes series by series, or,
// as the transpose of an array [step, series], step by step.

namespace cohort::python {

namespace nb = nanobind;
using any_array = nb::ndarray<nb::ro, nb::device::cpu>;

template <class T>
eigen::basic_backend<T>& backend() {
  static eigen::basic_backend<T> only;  // calls hold Python's lock
  return only;
}

template <class T>
constexpr char const* type_name() {
  return sizeof(T) == 4 ? "float32" : "float64";
}
std::string shape_text(any_array const& a);

/// What was given under a name.
struct named_array {
  nb::handle given;
  char const* name;
};

/// How the arrays of one call are laid out; the first one decides.
struct layout {
  std::ptrdiff_t series = 0, steps = 0;
  bool by_step = false;  ///< whether the elements of one step are neighbors
  int dimensions = 0;
  std::string first = {};  ///< the name of the array that decided

  std::ptrdiff_t size() const { return series * steps; }
  std::ptrdiff_t at(std::ptrdiff_t n, std::ptrdiff_t t) const { return by_step ? t * series + n : n * steps + t; }
  bool operator==(layout const&) const = default;
};

/// Raises ValueError where a name is none of those that are listed.
void refuse_unknown(std::string const& where, std::string const& name, std::string const& names, char const* what);

/// Series in the order of their groups, and where each group begins and ends in it.
struct groups_of_series {
  std::vector<std::int32_t> order, offsets;

  partition over_series() const {
    return partition::segments({offsets.data(), std::ptrdiff_t(offsets.size())}, std::ptrdiff_t(order.size()), 0);
  }
};

/// The arrays of one call. Every error names the call, the array, what was given and what was expected.
class call {
 public:
  explicit call(char const* name) : name_(name) {}

  char const* name() const { return name_; }
  layout const& shape() const { return layout_; }
  [[noreturn]] void refuse(std::string const& what) const;

  /// f(T{}) with the type of the first of these that is float32 or float64; float64 where none is.
  template <class F>
  auto with_type(std::vector<named_array> const& all, F f) {
    for (auto const& [given, name] : all)
      if (decides_type(given, name)) return is_single_ ? f(float{}) : f(double{});
    return f(double{});
  }

  /// The numbers of an array of steps; absent if it is None. With `of_series`, an array with one number for each series
  /// goes there, and is absent too. Integers and bools are converted if T holds them exactly.
  template <class T>
  view<T const> numbers(nb::handle given, char const* what, std::vector<T>* of_series = nullptr);
  view<std::uint8_t const> flags(nb::handle given, char const* what);
  /// A number for each series.
  template <class T>
  view<T const> vector(nb::handle given, char const* what);
  /// The same, for N of them.
  template <class T>
  view<T const> numbers_of_series(nb::handle given, char const* what, std::ptrdiff_t N);
  std::vector<std::int64_t> integers(nb::handle given, char const* what, std::ptrdiff_t N);
  /// For each of N series, how many flags are set: given has one for each series, or (`by_step`) for each of their
  /// steps.
  std::vector<std::int64_t> count_flags(nb::handle given, char const* what, std::ptrdiff_t N, bool* by_step = nullptr);
  /// The groups of N series: given is the size of all, or the number of each series' group.
  groups_of_series groups(nb::handle given, std::ptrdiff_t N);

  /// The series of the layout. `offsets` is room for what it may need.
  partition series(std::vector<std::int32_t>& offsets) const;
  /// Which series each step belongs to; kept from call to call while the layout stays.
  view<std::int32_t const> series_of() const;

 private:
  bool decides_type(nb::handle given, char const* what);
  [[noreturn]] void refuse_type(nb::object const& array, char const* what, std::string const& expected) const;
  /// Whether its elements are integers or bools.
  static bool is_whole(any_array const& a);
  any_array array(nb::handle given, char const* what, char const* expected) const;
  template <class T>
  any_array array_of(nb::handle given, char const* what) const;
  any_array flag_array(nb::handle given, char const* what) const;
  /// An array of another type, with the memory in the order of the call's; asks whether all its numbers are the same.
  any_array converted(any_array const& a, char const* type, char const* what, std::string const& expected) const;
  /// Sets the layout, or asks whether it is the same.
  void fit(any_array const& a, char const* what);

  char const* name_;
  layout layout_;
  std::string typed_by_;  ///< the name of the array that decided the type
  bool is_single_ = false;
  std::vector<any_array> kept_;
};

/// A new array like those of the call.
template <class T>
struct result {
  view<T> numbers;
  nb::object array;

  result() = default;
  explicit result(layout const& l);
  static result vector(std::ptrdiff_t count);
};

}  // namespace cohort::python
