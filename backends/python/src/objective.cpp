#include <nanobind/operators.h>
#include <nanobind/stl/shared_ptr.h>
#include <cohort/objective/text.hpp>

#include "component.hpp"
#include "steps.hpp"

namespace cohort::python {

void add_step_objectives(nb::module_& m);
void add_series_objectives(nb::module_& m);
void add_kl_penalty(nb::module_& m);

namespace {

class objective_sum : public any_objective {
 public:
  objective_sum(objective_ptr a, objective_ptr b) : a_(std::move(a)), b_(std::move(b)) {}
  unsigned reads() const override { return a_->reads() | b_->reads(); }
  unsigned derivatives() const override { return a_->derivatives() | b_->derivatives(); }
  bool of_series() const override { return a_->of_series() || b_->of_series(); }
  bool has_aggregation() const override { return a_->has_aggregation() || b_->has_aggregation(); }
  void prepare(evaluation<float>& e) const override { a_->prepare(e), b_->prepare(e); }
  void prepare(evaluation<double>& e) const override { a_->prepare(e), b_->prepare(e); }
  void add(block<float>& b) const override { a_->add(b), b_->add(b); }
  void add(block<double>& b) const override { a_->add(b), b_->add(b); }
  std::string text() const override { return a_->text() + " + " + b_->text(); }
  std::string explained() const override { return a_->explained() + b_->explained(); }

 private:
  objective_ptr a_, b_;
};

class objective_multiple : public any_objective {
 public:
  objective_multiple(double factor, objective_ptr term) : factor_(factor), term_(std::move(term)) {}
  unsigned reads() const override { return term_->reads(); }
  unsigned derivatives() const override { return term_->derivatives(); }
  bool of_series() const override { return term_->of_series(); }
  bool has_aggregation() const override { return term_->has_aggregation(); }
  void prepare(evaluation<float>& e) const override { term_->prepare(e); }
  void prepare(evaluation<double>& e) const override { term_->prepare(e); }
  void add(block<float>& b) const override { add_to(b); }
  void add(block<double>& b) const override { add_to(b); }
  std::string text() const override { return cohort::detail::text(factor_) + " (" + term_->text() + ")"; }
  std::string explained() const override { return term_->explained(); }

 private:
  template <class T>
  void add_to(block<T>& b) const {
    double outside = std::exchange(b.factor, b.factor * factor_);
    term_->add(b);
    b.factor = outside;
  }
  double factor_;
  objective_ptr term_;
};

/// A term whose steps weigh differently: by an aggregation of its own, or as a selection says.
template <class Weigh>
class objective_weighted : public any_objective {
 public:
  objective_weighted(Weigh weigh, objective_ptr term) : weigh_(std::move(weigh)), term_(std::move(term)) {
    weigh_.check(*term_);
  }
  unsigned reads() const override { return term_->reads() | weigh_.reads(); }
  unsigned derivatives() const override { return term_->derivatives(); }
  bool of_series() const override { return term_->of_series(); }
  bool has_aggregation() const override { return Weigh::aggregates || term_->has_aggregation(); }
  void prepare(evaluation<float>& e) const override { prepare_in(e); }
  void prepare(evaluation<double>& e) const override { prepare_in(e); }
  void add(block<float>& b) const override { add_to(b); }
  void add(block<double>& b) const override { add_to(b); }
  std::string text() const override { return weigh_.text(term_->text()); }
  std::string explained() const override { return term_->explained() + weigh_.explained(); }

 private:
  template <class T>
  void prepare_in(evaluation<T>& e) const {
    std::size_t outside = std::exchange(e.in_force, e.keep(weigh_(e)));
    term_->prepare(e);
    e.in_force = outside;
  }
  template <class T>
  void add_to(block<T>& b) const {
    b.under(b.next_weights(), [&] { term_->add(b); });
  }
  Weigh weigh_;
  objective_ptr term_;
};

struct by_aggregation {
  static constexpr bool aggregates = true;
  aggregation_ptr how;

  void check(any_objective const& term) const {
    if (term.has_aggregation())
      throw value_error("aggregate: the term has an aggregation already, expected one without");
  }
  unsigned reads() const { return 0; }
  template <class T>
  step_weights<T> operator()(evaluation<T>& e) const {
    auto const& own = e.valid_steps();
    std::vector<T> weight(own.size());
    how->of_series(e.backend, {own.data(), std::ptrdiff_t(own.size())}, {weight.data(), std::ptrdiff_t(weight.size())});
    return {.of_series = std::move(weight)};
  }
  std::string text(std::string const& term) const { return "aggregate(" + how->text() + ", " + term + ")"; }
  std::string explained() const { return {}; }
};
struct by_selection {
  static constexpr bool aggregates = false;
  selection_ptr selection;

  void check(any_objective const& term) const {
    if (term.has_aggregation())
      throw value_error(
          "weighted: the term has an aggregation of its own, expected aggregate(how, weighted(selection, term))");
  }
  unsigned reads() const { return selection->reads(); }
  template <class T>
  step_weights<T> operator()(evaluation<T>& e) const {
    auto const& at = e.for_selections();
    std::vector<T> weight(std::size_t(at.series_of.rows));
    selection->weigh(e.backend, at, e.next_draws(), {weight.data(), at.series_of.rows});
    e.multiply(weight, e.in_force);
    return {.of_step = std::move(weight), .selects = true};
  }
  std::string text(std::string const& term) const { return "weighted(" + selection->text() + ", " + term + ")"; }
  std::string explained() const { return selection->explained(); }
};

/// The loss as a number, and its derivatives with respect to what depends on the parameters, as a dict of arrays.
template <class T>
nb::tuple evaluate(call const& c, any_objective const& o, given_steps<T>& steps, nb::handle aggregation, bool per_step,
                   std::uint64_t seed) {
  by_aggregation how{aggregation_of(aggregation)};
  evaluation<T> e(c.shape(), steps.views, std::move(steps.advantage_of_series), seed);
  e.keep(how(e));
  o.prepare(e);
  partial_views<T> out;
  nb::dict gradient;
  auto derivative = [&](unsigned bit, char const* name, view<T>& into) {
    if (!(o.derivatives() & bit)) return;
    result<T> r(c.shape());
    into = r.numbers;
    gradient[name] = r.array;
  };
  derivative(needs::logp, "logp", out.logp);
  derivative(needs::entropy, "entropy", out.entropy);
  derivative(needs::value, "value", out.value);
  result<T> losses = per_step ? result<T>(c.shape()) : result<T>();
  double sum = over_blocks(e, c.shape(), o.of_series(), out, losses.numbers, [&](block<T>& b) { o.add(b); });
  return per_step ? nb::make_tuple(losses.array, gradient) : nb::make_tuple(sum, gradient);
}

nb::tuple call_objective(objective_ptr o, nb::handle valid, nb::handle aggregation, bool per_step, std::uint64_t seed,
                         nb::kwargs arrays) {
  call c("objective");
  return with_steps(c, o->text(), o->reads(), arrays, valid, [&]<class T>(T, given_steps<T>& steps) {
    return evaluate(c, *o, steps, aggregation, per_step, seed);
  });
}

}  // namespace

void add_objectives(nb::module_& m) {
  nb::class_<any_objective>(
      m, "Objective",
      "A loss of steps, of series, or an expression of such (a + b, 0.5 * a, aggregate(how, a), weighted(selection, "
      "a)).\n\nCalling it gives (loss, gradient): the number sum over valid steps of weight times term, and a dict of "
      "arrays, the exact derivatives with\nrespect to the logp, entropy and value that it reads. Arrays are [series, "
      "step] of float32 or float64, by keyword: logp, old_logp, ref_logp,\nsampler_logp, advantage (or one number for "
      "each series), entropy, value, old_value, target. valid: bool, None for all. per_step: the weighted\nlosses as "
      "an array in the place of their sum. seed: of the draws of clip_cov. None of the arrays is copied or changed.")
      .def("__call__", &call_objective, nb::arg("valid") = nb::none(), nb::kw_only(),
           nb::arg("aggregation") = "step_mean", nb::arg("per_step") = false, nb::arg("seed") = 0, nb::arg("arrays"))
      .def("__repr__", [](objective_ptr o) { return o->text(); })
      .def(
          "explained", [](objective_ptr o) { return o->text() + "\n" + o->explained(); },
          "The objective with the formula and the source of each term.")
      .def(
          "__add__",
          [](objective_ptr a, objective_ptr b) -> objective_ptr { return std::make_shared<objective_sum>(a, b); },
          nb::is_operator())
      .def(
          "__mul__",
          [](objective_ptr a, double f) -> objective_ptr { return std::make_shared<objective_multiple>(f, a); },
          nb::is_operator())
      .def(
          "__rmul__",
          [](objective_ptr a, double f) -> objective_ptr { return std::make_shared<objective_multiple>(f, a); },
          nb::is_operator());
  m.def(
      "aggregate",
      [](nb::handle how, objective_ptr term) -> objective_ptr {
        return std::make_shared<objective_weighted<by_aggregation>>(by_aggregation{aggregation_of(how)}, term);
      },
      nb::arg("aggregation"), nb::arg("term"), "A term with an aggregation of its own.");
  m.def(
      "weighted",
      [](selection_ptr selection, objective_ptr term) -> objective_ptr {
        return std::make_shared<objective_weighted<by_selection>>(by_selection{selection}, term);
      },
      nb::arg("selection"), nb::arg("term"),
      "A term whose steps a selection weighs, on top of their aggregation: importance weights, masks. Of a step with "
      "weight 0 nothing is read.");
  add_step_objectives(m);
  add_series_objectives(m);
  add_kl_penalty(m);
}

}  // namespace cohort::python
