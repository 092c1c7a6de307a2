#include "arrays.hpp"
#include <algorithm>
#include <memory>

#include "memory.hpp"

namespace cohort::python {

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

void refuse_unknown(std::string const& where, std::string const& name, std::string const& names, char const* what) {
  if ((", " + names + ",").find(", " + name + ",") == std::string::npos)
    throw value_error(where + ": " + name + " " + what +
                      (names.empty() ? ", which has none" : ", expected one of " + names));
}

void call::refuse(std::string const& what) const { throw shape_error(std::string(name_) + ": " + what); }

namespace {

nb::object as_numpy(any_array const& a) { return nb::cast(nb::ndarray<nb::numpy, nb::ro>(a)); }

}  // namespace

bool call::is_whole(any_array const& a) {
  auto code = nb::dlpack::dtype_code(a.dtype().code);
  return code == nb::dlpack::dtype_code::Int || code == nb::dlpack::dtype_code::UInt ||
         code == nb::dlpack::dtype_code::Bool;
}
void call::refuse_type(nb::object const& array, char const* what, std::string const& expected) const {
  nb::object type = nb::getattr(array.attr("dtype"), "type", nb::none());
  auto name = nb::cast<std::string>(type.is_none() ? nb::str(array.attr("dtype")) : nb::str(type.attr("__name__")));
  if (name.ends_with('_')) name.pop_back();
  refuse(std::string(what) + " has elements of type " + name + ", expected " + expected);
}
any_array call::array(nb::handle given, char const* what, char const* expected) const {
  any_array a;
  if (given.is_none()) refuse(std::string(what) + " is None, expected an array");
  nb::object array = nb::borrow(given);
  if (nb::isinstance<nb::list>(given) || nb::isinstance<nb::tuple>(given)) try {
      array = nb::module_::import_("numpy").attr("asarray")(given);
    } catch (nb::python_error const&) {
      refuse(std::string(what) + " is a list of lists of different lengths, expected one that makes an array");
    }
  if (nb::try_cast(array, a, false)) return a;
  if (nb::hasattr(array, "dtype")) refuse_type(array, what, expected);
  throw nb::type_error((std::string(name_) + ": " + what + " is of type " +
                        nb::cast<std::string>(nb::str(given.type().attr("__name__"))) +
                        ", expected an array in the memory of the CPU (numpy's, or one that gives DLPack), or a list")
                           .c_str());
}

bool call::decides_type(nb::handle given, char const* what) {
  if (given.is_none()) return false;
  any_array a = array(given, what, "float32, float64 or integers");
  is_single_ = a.dtype() == nb::dtype<float>();
  bool decides = is_single_ || a.dtype() == nb::dtype<double>();
  if (decides) typed_by_ = what;
  return decides;
}

any_array call::converted(any_array const& a, char const* type, char const* what, std::string const& expected) const {
  nb::object numpy = nb::module_::import_("numpy"), from = as_numpy(a);
  char const* order = a.ndim() == 1 || layout_.dimensions == 0 ? "K" : layout_.by_step ? "F" : "C";
  nb::object to = numpy.attr("array")(from, type, nb::arg("order") = order);
  nb::object differs = numpy.attr("not_equal")(to.attr("astype")(from.attr("dtype")), from);
  if (nb::cast<bool>(numpy.attr("any")(differs).attr("item")()))
    refuse(std::string(what) + " has the element " +
           nb::cast<std::string>(nb::str(from.attr("ravel")().attr("__getitem__")(differs.attr("argmax")()))) +
           ", expected " + expected);
  return nb::cast<any_array>(to);
}

template <class T>
any_array call::array_of(nb::handle given, char const* what) const {
  any_array a = array(given, what, "float32, float64 or integers");
  if (a.dtype() == nb::dtype<T>()) return a;
  if (is_whole(a)) return converted(a, type_name<T>(), what, std::string("integers that ") + type_name<T>() + " holds");
  refuse_type(as_numpy(a), what, type_name<T>() + (typed_by_.empty() ? " or integers" : ", that of " + typed_by_));
}

any_array call::flag_array(nb::handle given, char const* what) const {
  char const* expected = "bool, or integers 0 and 1";
  any_array a = array(given, what, expected);
  if (a.dtype() == nb::dtype<bool>() || a.dtype() == nb::dtype<std::uint8_t>()) return a;
  if (!is_whole(a)) refuse_type(as_numpy(a), what, expected);
  return converted(a, "bool", what, "0 or 1, or bools");
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
  any_array a = array_of<T>(given, what);
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
  any_array a = flag_array(given, what);
  fit(a, what);
  view<std::uint8_t const> found{static_cast<std::uint8_t const*>(a.data()), layout_.size()};
  kept_.push_back(std::move(a));
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
