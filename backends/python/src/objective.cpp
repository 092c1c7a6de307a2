#include <nanobind/operators.h>
#include <cohort/objective/all.hpp>

#include "evaluation.hpp"
#include "leaf.hpp"

namespace cohort::python {

void add_kl_penalty(nb::module_& m);

namespace {

expression sum(expression a, expression const& b) {
  a.terms.insert(a.terms.end(), b.terms.begin(), b.terms.end());
  return {a.terms, a.text + " + " + b.text, a.explained + b.explained};
}
expression multiple(double factor, expression e) {
  for (auto& t : e.terms) t.factor *= factor;
  return {e.terms, cohort::detail::text(factor) + " (" + e.text + ")", e.explained};
}

void refuse_aggregated(expression const& e, char const* message) {
  for (auto const& t : e.terms)
    if (t.how) throw value_error(message);
}
expression aggregated(nb::handle given, expression e) {
  auto how = aggregation_of(given);
  refuse_aggregated(e, "aggregate: the term has an aggregation already, expected one without");
  for (auto& t : e.terms) t.how = how;
  return {e.terms, "aggregate(" + how->text + ", " + e.text + ")", e.explained};
}
expression weighted(selection const& s, expression e) {
  refuse_aggregated(
      e, "weighted: the term has an aggregation of its own, expected aggregate(how, weighted(selection, term))");
  auto of_these = std::make_shared<selection const>(s);  // draws of its own, the same for all of these terms
  for (auto& t : e.terms) t.selections.push_back(of_these);
  return {e.terms, "weighted(" + s.text + ", " + e.text + ")", e.explained + s.explained};
}

/// The loss as a number, and its derivatives with respect to what depends on the parameters, as a dict of arrays.
nb::tuple call_objective(expression const& e, nb::handle valid, nb::handle aggregation, bool per_step,
                         std::uint64_t seed, nb::handle group, nb::kwargs arrays) {
  call c("objective");
  return with_steps(c, e.text, e.reads(), arrays, valid, [&]<class T>(T, given_steps<T>& steps) {
    nb::dict gradient;
    auto out = cohort::detail::make_partials<T>([&](int k) -> view<T> {
      int term = k ? cohort::detail::nth_term(needs::differentiable, k - 1) : 0;
      if (k == 0 || !(e.derivatives() >> term & 1)) return {};
      result<T> r(c.shape());
      gradient[cohort::detail::terms_of_step[term].name] = r.array;
      return r.numbers;
    });
    result<T> losses = per_step ? result<T>(c.shape()) : result<T>();
    double total = evaluate(c, e, steps, aggregation_of(aggregation), group, seed, out, losses.numbers);
    return per_step ? nb::make_tuple(losses.array, gradient) : nb::make_tuple(total, gradient);
  });
}

}  // namespace

void add_objectives(nb::module_& m) {
  nb::class_<expression>(
      m, "Objective",
      "A loss of steps, of series, or an expression of such (a + b, 0.5 * a, aggregate(how, a), weighted(selection, "
      "a)).\n\nCalling it gives (loss, gradient): the number sum over valid steps of weight times term, and a dict of "
      "arrays, the exact derivatives with\nrespect to the logp, entropy and value that it reads. Arrays are [series, "
      "step] of float32 or float64, by keyword: logp, old_logp, ref_logp,\nsampler_logp, advantage (or one number for "
      "each series), entropy, value, old_value, target. valid: bool, None for all. per_step: the weighted\nlosses as "
      "an array in the place of their sum. seed: of the draws of clip_cov. group: for group_mean, the size of all "
      "groups or the number of each\nseries' group. Nothing that is given is changed.")
      .def("__call__", &call_objective, nb::arg("valid") = nb::none(), nb::kw_only(),
           nb::arg("aggregation") = "step_mean", nb::arg("per_step") = false, nb::arg("seed") = 0,
           nb::arg("group") = nb::none(), nb::arg("arrays"))
      .def("__repr__", [](expression const& e) { return e.text; })
      .def(
          "explained", [](expression const& e) { return e.text + "\n" + e.explained; },
          "The objective with the formula and the source of each term.")
      .def("__add__", &sum, nb::is_operator())
      .def(
          "__mul__", [](expression const& e, double factor) { return multiple(factor, e); }, nb::is_operator())
      .def("__rmul__", [](expression const& e, double factor) { return multiple(factor, e); }, nb::is_operator());
  m.def("aggregate", &aggregated, nb::arg("aggregation"), nb::arg("term"), "A term with an aggregation of its own.");
  m.def("weighted", &weighted, nb::arg("selection"), nb::arg("term"),
        "A term whose steps a selection weighs, on top of their aggregation: importance weights, masks. Of a step with "
        "weight 0 nothing is read.");
  add_objectives(m, catalogue::step_objectives{});
  add_objectives(m, catalogue::series_objectives{});
  add_kl_penalty(m);
}

}  // namespace cohort::python
