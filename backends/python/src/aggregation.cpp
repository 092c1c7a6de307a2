#include <nanobind/stl/shared_ptr.h>
#include <cohort/aggregation/sums.hpp>
#include <cohort/objective/text.hpp>

#include "component.hpp"

namespace cohort::python {

namespace {

template <class A>
class aggregation_leaf : public any_aggregation {
 public:
  explicit aggregation_leaf(A const& a) : a_(a) {}
  void of_series(eigen::basic_backend<float>& b, view<float const> own, view<float> weight) const override {
    a_.of_series(b, own, weight);
  }
  void of_series(eigen::basic_backend<double>& b, view<double const> own, view<double> weight) const override {
    a_.of_series(b, own, weight);
  }
  std::string text() const override { return cohort::detail::component_text(a_, false); }

 private:
  A a_;
};
template <class A>
aggregation_ptr make(A const& a) {
  return std::make_shared<aggregation_leaf<A>>(a);
}
empty_series empty_of(bool counts) { return counts ? empty_series::count : empty_series::leave; }

template <class T>
nb::object weights(call& c, aggregation_ptr const& how, view<std::uint8_t const> valid) {
  result<T> weight(c.shape());
  std::vector<T> own = valid_steps_of_series<T>(c.shape(), valid), of_series(own.size());
  how->of_series(backend<T>(), {own.data(), c.shape().series}, {of_series.data(), c.shape().series});
  spread_over_steps(c.shape(), of_series, weight.numbers);
  backend<T>().map(outputs{weight.numbers}, cohort::detail::where_valid{}, view<T const>(weight.numbers), valid);
  return weight.array;
}

}  // namespace

aggregation_ptr aggregation_of(nb::handle given) {
  std::string name;
  if (nb::try_cast(given, name)) {
    if (name == "step_mean") return make(step_mean{});
    if (name == "series_mean") return make(series_mean{});
    if (name == "step_sum") return make(step_sum{});
    throw value_error("aggregation is '" + name +
                      "', expected 'step_mean', 'series_mean', 'step_sum', or an aggregation object such as "
                      "series_sum_mean(length=1024)");
  }
  aggregation_ptr found;
  if (!nb::try_cast(given, found) || !found)
    throw nb::type_error(
        ("aggregation is " + nb::cast<std::string>(nb::repr(given)) + ", expected a name or an aggregation object")
            .c_str());
  return found;
}

void add_aggregations(nb::module_& m) {
  nb::class_<any_aggregation>(m, "Aggregation", "How the losses of steps become one number: the weight of each step.")
      .def("__repr__", &any_aggregation::text)
      .def(
          "weights",
          [](aggregation_ptr how, nb::handle valid, std::string const& dtype) {
            call c("weights");
            auto flags = c.flags(valid, "valid");
            if (!flags) c.refuse("valid is None, expected an array");
            if (dtype == "float32") return weights<float>(c, how, flags);
            if (dtype == "float64") return weights<double>(c, how, flags);
            throw value_error("weights: dtype is '" + dtype + "', expected 'float32' or 'float64'");
          },
          nb::arg("valid").none(), nb::arg("dtype") = "float32",
          "The weight of each step, [series, step]; 0 where it is not valid.");
  m.def("step_mean", [] { return make(step_mean{}); }, "Every valid step weighs 1 / M (DAPO's token mean).");
  m.def("step_sum", [] { return make(step_sum{}); }, "Every valid step weighs 1.");
  m.def(
      "series_mean", [](bool count_empty) { return make(series_mean{empty_of(count_empty)}); },
      nb::arg("count_empty") = false,
      "Every series weighs the same: 1 / (series, valid steps of its own). count_empty: those without a valid step "
      "count too (TRL).");
  m.def(
      "series_sum_mean",
      [](double length, bool count_empty) {
        cohort::detail::require(length > 0, "series_sum_mean", "length", length, "a positive number");
        return make(series_sum_mean{.length = length, .empty = empty_of(count_empty)});
      },
      nb::arg("length"), nb::arg("count_empty") = false, "A valid step weighs 1 / (series length) (Dr. GRPO).");
  m.def(
      "piecewise_step_mean",
      [](int series) {
        cohort::detail::require(series > 0, "piecewise_step_mean", "series", series, "a positive number");
        return make(piecewise_step_mean{.series = series});
      },
      nb::arg("series"), "The mean over pieces of so many series of each one's mean over steps (TRL's bnpo).");
}

}  // namespace cohort::python
