#include <nanobind/stl/shared_ptr.h>

#include "component.hpp"
#include "evaluation.hpp"
#include "parameters.hpp"

namespace cohort::python {

namespace {

template <class S>
selection_ptr make(S const& s) {
  std::string explained;
  cohort::detail::explain(explained, s, true, "  ");
  return std::make_shared<selection>(cohort::detail::component_text(s, false), explained, S::reads,
                                     in_both_types<weigh_steps>(s));
}

selection_ptr bound_of(std::string const& divergence, nb::kwargs const& given) {
  if (divergence == "k2") return make(with_parameters<divergence_bound<k2>>(given));
  if (divergence == "k3") return make(with_parameters<divergence_bound<k3>>(given));
  throw value_error("divergence_bound: divergence is '" + divergence + "', expected one of 'k2', 'k3'");
}

nb::object weights(selection_ptr s, nb::handle valid, std::uint64_t seed, nb::kwargs const& given) {
  call c("weights");
  return with_steps(c, s->text, s->reads, given, valid, [&]<class T>(T, given_steps<T>& steps) {
    result<T> weight(c.shape());
    std::vector<T> advantage;
    s->weigh.in<T>()(backend<T>(), for_selections(c.shape(), steps, advantage),
                     stream_id{seed, draw_purpose::selection, 0}, weight.numbers);
    return weight.array;
  });
}

}  // namespace

void add_selections(nb::module_& m) {
  nb::class_<selection>(m, "Selection",
                        "A weight for each step, by which weighted(selection, term) multiplies its aggregation's. "
                        "Nothing of it is differentiated.")
      .def("__repr__", [](selection const& s) { return s.text; })
      .def("weights", &weights, nb::arg("valid") = nb::none(), nb::kw_only(), nb::arg("seed") = 0, nb::arg("arrays"),
           "The weight of each step, [series, step]; 0 where it is not valid. Arrays are those of an objective, by "
           "keyword; seed is for clip_cov.");
  auto add = [&]<class S>(S const&) {
    if constexpr (std::is_same_v<S, divergence_bound<>>)
      m.def(S::notes.name, &bound_of, nb::arg("divergence") = "k3", nb::arg("parameters"),
            documentation<S>("D is the estimator of the KL that divergence names, 'k2' or 'k3'.\n\n").c_str());
    else
      m.def(
          S::notes.name, [](nb::args in_order, nb::kwargs given) { return make(with_parameters<S>(given, in_order)); },
          documentation<S>().c_str());
  };
  std::apply([&](auto const&... s) { (add(s), ...); }, catalogue::selections{});
}

}  // namespace cohort::python
