#include <nanobind/stl/shared_ptr.h>
#include <cohort/aggregation/all.hpp>

#include "component.hpp"
#include "evaluation.hpp"
#include "parameters.hpp"

namespace cohort::python {

namespace {

template <class A>
aggregation_ptr make(A const& a) {
  auto weigh = [a]<class B, class T>(B& backend, view<T const> own, partition const& groups, view<T> weight) {
    if constexpr (requires { a.of_series(backend, own, groups, weight); }) a.of_series(backend, own, groups, weight);
    else a.of_series(backend, own, weight);
  };
  constexpr bool of_groups = std::is_same_v<A, group_mean>;
  float one = 1;  // series of one step: asks whether its parameters are in their range
  std::int32_t ends[] = {0, 1};
  weigh(backend<float>(), view<float const>(&one, 1), partition::segments({ends, 2}, 1, 1), view<float>(&one, 1));
  return std::make_shared<aggregation>(cohort::detail::component_text(a, false), of_groups,
                                       in_both_types<weigh_series>(weigh));
}

/// f(an aggregation of each kind).
template <class F>
void each_aggregation(F f) {
  std::apply([&](auto const&... a) { (f(a), ...); }, catalogue::aggregations{});
}

template <class T>
nb::object weights(call& c, aggregation const& how, view<std::uint8_t const> valid, nb::handle group) {
  result<T> weight(c.shape());
  spread_over_steps(c.shape(), weights_of_series<T>(c, how, valid, group), weight.numbers);
  backend<T>().map(outputs{weight.numbers}, cohort::detail::where_valid{}, view<T const>(weight.numbers), valid);
  return weight.array;
}

}  // namespace

aggregation_ptr aggregation_of(nb::handle given) {
  aggregation_ptr found;
  if (std::string name, names; nb::try_cast(given, name)) {
    each_aggregation([&]<class A>(A const& a) {
      if (name == A::notes.name) found = make(a);
      names += std::string("'") + A::notes.name + "', ";
    });
    if (!found)
      throw value_error("aggregation is '" + name + "', expected " + names +
                        "or an aggregation object such as series_sum_mean(length=1024)");
    return found;
  }
  if (!nb::try_cast(given, found) || !found)
    throw nb::type_error(
        ("aggregation is " + nb::cast<std::string>(nb::repr(given)) + ", expected a name or an aggregation object")
            .c_str());
  return found;
}

void add_aggregations(nb::module_& m) {
  nb::class_<aggregation>(m, "Aggregation", "How the losses of steps become one number: the weight of each step.")
      .def("__repr__", [](aggregation const& a) { return a.text; })
      .def(
          "weights",
          [](aggregation_ptr how, nb::handle valid, std::string const& dtype, nb::handle group) {
            call c("weights");
            auto flags = c.flags(valid, "valid");
            if (!flags) c.refuse("valid is None, expected an array");
            if (dtype == "float32") return weights<float>(c, *how, flags, group);
            if (dtype == "float64") return weights<double>(c, *how, flags, group);
            throw value_error("weights: dtype is '" + dtype + "', expected 'float32' or 'float64'");
          },
          nb::arg("valid").none(), nb::arg("dtype") = "float32", nb::arg("group") = nb::none(),
          "The weight of each step, [series, step]; 0 where it is not valid. group is for group_mean: the size of all "
          "groups, or the number of each\nseries' group.");
  each_aggregation([&]<class A>(A const&) {
    m.def(
        A::notes.name, [](nb::args in_order, nb::kwargs given) { return make(with_parameters<A>(given, in_order)); },
        documentation<A>().c_str());
  });
}

}  // namespace cohort::python
