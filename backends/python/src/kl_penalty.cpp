#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/series_kl_penalty.hpp>

#include "leaf.hpp"

namespace cohort::python {

namespace {

template <template <class, class> class Penalty>
expression penalty_of(std::string const& name, double weight, double log_ratio, double value) {
  constexpr bool of_steps = std::is_same_v<Penalty<k3, double>, kl_penalty<k3, double>>;
  std::string where = Penalty<k3, double>::notes.name;
  bool clamps = log_ratio < 1e300 || value < 1e300;
  cohort::detail::require(log_ratio > 0, where.c_str(), "clamp_log_ratio", log_ratio, "a positive number");
  cohort::detail::require(value > 0, where.c_str(), "clamp_value", value, "a positive number");
  auto make = [&](auto estimator) {
    Penalty<decltype(estimator), double> term{.estimator = estimator, .weight = weight};
    term.check();
    return make_objective(term);
  };
  auto one = [&](auto estimator) {
    return clamps ? make(clamped<decltype(estimator)>{.log_ratio = log_ratio, .value = value}) : make(estimator);
  };
  if (name == "k1") return one(k1{});
  if (name == "k2") return one(k2{});
  if (name == "k3") return one(k3{});
  if (name == "abs") return one(absolute_log_ratio{});
  if (name == "k3+") return make(straight_through<clamped<k3>>{.value = {.log_ratio = log_ratio, .value = value}});
  if constexpr (of_steps)
    if (name == "k3_ratio_corrected" && !clamps) return make(ratio_corrected<>{});
  throw value_error(where + ": estimator is '" + name + "'" + (clamps ? " with a clamp" : "") +
                    ", expected 'k1', 'k2', 'k3', 'abs', 'k3+' (the value of k3, the gradient of k2)" +
                    (of_steps ? " or, without a clamp, 'k3_ratio_corrected'" : ""));
}

template <template <class, class> class Penalty>
void add(nb::module_& m, std::string const& more) {
  auto const& notes = Penalty<k3, double>::notes;
  m.def(notes.name, &penalty_of<Penalty>, nb::arg("estimator") = "k3", nb::arg("weight") = .04,
        nb::arg("clamp_log_ratio") = 1e300, nb::arg("clamp_value") = 1e300,
        (std::string(notes.formula) + "\n\nThe estimator is one of 'k1', 'k2', 'k3', 'abs', 'k3+'" + more +
         "; verl clamps k3 by 20 and 10.\n\nSource: " + notes.source + "; Schulman 2020, Approximating KL divergence.")
            .c_str());
}

}  // namespace

void add_kl_penalty(nb::module_& m) {
  add<kl_penalty>(m, ", 'k3_ratio_corrected'");
  add<series_kl_penalty>(m, "");
}

}  // namespace cohort::python
