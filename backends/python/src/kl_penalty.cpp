#include <nanobind/stl/shared_ptr.h>
#include <cohort/objective/kl_penalty.hpp>

#include "leaf.hpp"

namespace cohort::python {

namespace {

objective_ptr kl_term(std::string const& name, double weight, double log_ratio, double value) {
  bool clamps = log_ratio < 1e300 || value < 1e300;
  auto one = [&](auto estimator) {
    auto make = [&](auto e) {
      kl_penalty<decltype(e)> term{.estimator = e, .weight = weight};
      term.check();
      return make_objective(term);
    };
    if (!clamps) return make(estimator);
    cohort::detail::require(log_ratio > 0, "kl_penalty", "clamp_log_ratio", log_ratio, "a positive number");
    cohort::detail::require(value > 0, "kl_penalty", "clamp_value", value, "a positive number");
    return make(clamped<decltype(estimator)>{.estimator = estimator, .log_ratio = log_ratio, .value = value});
  };
  if (name == "k1") return one(k1{});
  if (name == "k2") return one(k2{});
  if (name == "k3") return one(k3{});
  if (name == "abs") return one(absolute_log_ratio{});
  if (name == "k3+") {
    auto k3_of_verl = clamped<k3>{.log_ratio = log_ratio, .value = value};
    kl_penalty<straight_through<clamped<k3>>> term{.estimator = {.value = k3_of_verl}, .weight = weight};
    term.check();
    return make_objective(term);
  }
  if (name == "k3_ratio_corrected" && !clamps) {
    kl_penalty<ratio_corrected<>> term{.weight = weight};
    term.check();
    return make_objective(term);
  }
  throw value_error("kl_penalty: estimator is '" + name + "'" + (clamps ? " with a clamp" : "") +
                    ", expected 'k1', 'k2', 'k3', 'abs', 'k3+' (the value of k3, the gradient of k2) or, without a "
                    "clamp, 'k3_ratio_corrected'");
}

}  // namespace

void add_kl_penalty(nb::module_& m) {
  m.def("kl_penalty", &kl_term, nb::arg("estimator") = "k3", nb::arg("weight") = .04,
        nb::arg("clamp_log_ratio") = 1e300, nb::arg("clamp_value") = 1e300,
        "weight KL^(logp, ref_logp), the estimator one of 'k1', 'k2', 'k3', 'abs', 'k3+', 'k3_ratio_corrected'; verl "
        "clamps k3 by 20 and 10.\n\nSource: Shao et al. 2024, arXiv:2402.03300, eq. 4; Schulman 2020, Approximating KL "
        "divergence.");
}

}  // namespace cohort::python
