#include <nanobind/operators.h>
#include <nanobind/stl/shared_ptr.h>
#include <cohort/cohort.hpp>

#include "component.hpp"

namespace cohort::python {

namespace {

class objective_sum : public any_objective {
 public:
  objective_sum(objective_ptr a, objective_ptr b) : a_(std::move(a)), b_(std::move(b)) {}
  unsigned reads() const override { return a_->reads() | b_->reads(); }
  void add(evaluation<float>& e) const override { a_->add(e), b_->add(e); }
  void add(evaluation<double>& e) const override { a_->add(e), b_->add(e); }
  std::string text() const override { return a_->text() + " + " + b_->text(); }
  std::string explained() const override { return a_->explained() + b_->explained(); }

 private:
  objective_ptr a_, b_;
};

/// A term whose steps weigh differently: a multiple, or by an aggregation of its own.
template <class Weigh>
class objective_weighed : public any_objective {
 public:
  objective_weighed(Weigh weigh, objective_ptr term) : weigh_(std::move(weigh)), term_(std::move(term)) {}
  unsigned reads() const override { return term_->reads(); }
  void add(evaluation<float>& e) const override { add_to(e); }
  void add(evaluation<double>& e) const override { add_to(e); }
  std::string text() const override { return weigh_.text(term_->text()); }
  std::string explained() const override { return term_->explained(); }

 private:
  template <class T>
  void add_to(evaluation<T>& e) const {
    auto room = e.backend.template temporary<T>(e.weight.rows);
    weigh_(e, room.all());
    view<T const> outside = std::exchange(e.weight, view<T const>(room.all()));
    term_->add(e);
    e.weight = outside;
  }
  Weigh weigh_;
  objective_ptr term_;
};

struct by_factor {
  double factor;
  template <class T>
  void operator()(evaluation<T>& e, view<T> weight) const {
    e.backend.map(outputs{weight}, cohort::detail::scaled_by{factor}, e.weight);
  }
  std::string text(std::string const& term) const { return cohort::detail::text(factor) + " (" + term + ")"; }
};
struct by_aggregation {
  aggregation_ptr how;
  template <class T>
  void operator()(evaluation<T>& e, view<T> weight) const {
    how->weigh(e.backend, e.steps, weight);
  }
  std::string text(std::string const& term) const { return "aggregate(" + how->text() + ", " + term + ")"; }
};

/// The loss as a number, and its derivatives with respect to what depends on the parameters, as a dict of arrays.
template <class T>
nb::tuple evaluate(call& c, objective_ptr const& o, nb::kwargs const& arrays, nb::handle valid, nb::handle aggregation, bool per_step) {
  evaluation<T> e{backend<T>(), {}, {}, {}, {}};
  struct named {
    char const* name;
    unsigned bit;
    view<T const> step_views<T>::* member;
  };
  constexpr named terms[] = {{"logp", reads::logp, &step_views<T>::logp},
                             {"entropy", reads::entropy, &step_views<T>::entropy},
                             {"value", reads::value, &step_views<T>::value},
                             {"old_logp", reads::old_logp, &step_views<T>::old_logp},
                             {"ref_logp", reads::ref_logp, &step_views<T>::ref_logp},
                             {"sampler_logp", reads::sampler_logp, &step_views<T>::sampler_logp},
                             {"old_value", reads::old_value, &step_views<T>::old_value},
                             {"target", reads::target, &step_views<T>::target},
                             {"advantage", reads::advantage, &step_views<T>::advantage}};
  for (auto [key, value] : arrays) {
    auto name = nb::cast<std::string>(key);
    if (std::none_of(std::begin(terms), std::end(terms), [&](named const& t) { return name == t.name; }))
      throw value_error(
          std::string(c.name()) + ": " + name +
          " is no array that objectives read, expected logp, old_logp, ref_logp, sampler_logp, advantage, entropy, value, old_value or target");
  }
  unsigned needed = o->reads();
  for (named const& t : terms)
    if (needed & t.bit) {
      if (!arrays.contains(t.name)) throw value_error(std::string(c.name()) + ": " + o->text() + " reads " + t.name + ", which was not given");
      e.in.*t.member = c.numbers<T>(arrays[t.name], t.name, t.bit == reads::advantage);
    }
  std::ptrdiff_t M = c.shape().size();
  aggregation_ptr how = aggregation_of(aggregation);
  e.in.valid = c.flags(valid, "valid");
  e.in.series_of = c.series_of();
  e.in.series = c.shape().series;
  e.steps = {M, c.shape().series, e.in.series_of, e.in.valid};
  auto room = e.backend.template temporary<T>((per_step ? 1 : 2) * M + 1);
  view<T> weight = room.all().part(0, M), sum = room.all().part(M, 1);
  how->weigh(e.backend, e.steps, weight);
  e.weight = weight;
  result<T> loss = per_step ? result<T>(c.shape()) : result<T>();
  e.out.loss = per_step ? loss.numbers : room.all().part(M + 1, M);
  nb::dict gradient;
  auto derivative = [&](unsigned bit, char const* name, view<T>& into) {
    if (!(needed & bit)) return;
    result<T> r(c.shape());
    into = r.numbers;
    gradient[name] = r.array;
  };
  derivative(reads::logp, "logp", e.out.logp);
  derivative(reads::entropy, "entropy", e.out.entropy);
  derivative(reads::value, "value", e.out.value);
  o->add(e);
  if (per_step) return nb::make_tuple(loss.array, gradient);
  e.backend.reduce(sum, cohort::detail::same{}, view<T const>(e.out.loss));
  return nb::make_tuple(double(sum[0]), gradient);
}

nb::tuple call_objective(objective_ptr o, nb::handle valid, nb::handle aggregation, bool per_step, nb::kwargs arrays) {
  call c("objective");
  char const* first = o->reads() & reads::logp ? "logp" : o->reads() & reads::value ? "value" : "entropy";
  if (!arrays.contains(first)) throw value_error("objective: " + o->text() + " reads " + first + ", which was not given");
  any_array a = c.array(arrays[first], first);
  return with_type(c, a, first, [&]<class T>(T) { return evaluate<T>(c, o, arrays, valid, aggregation, per_step); });
}

/// A function of the module for an objective of the library: its parameters are keywords, its documentation is what it says of itself.
template <class O>
void add_objective(nb::module_& m) {
  std::string doc = std::string(O::notes.formula) + "\n\n", defaults;
  cohort::detail::each_parameter(O{}, [&]<class V>(char const* name, V const& value) {
    if constexpr (std::is_arithmetic_v<V>)
      defaults += (defaults.empty() ? "" : ", ") + std::string(name) + " = " + cohort::detail::text(double(value));
  });
  if (!defaults.empty()) doc += "Keywords and their defaults: " + defaults + ".\n\n";
  doc += "Source: " + std::string(O::notes.source) + ".";
  m.def(O::notes.name, [](nb::kwargs given) { return make_objective(detail::with_parameters<O>(given)); }, doc.c_str());
}

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
                    ", expected 'k1', 'k2', 'k3', 'abs', 'k3+' (the value of k3, the gradient of k2) or, without a clamp, 'k3_ratio_corrected'");
}

template <class... O>
void add_objectives(nb::module_& m) {
  (add_objective<O>(m), ...);
}

}  // namespace

void add_objectives(nb::module_& m) {
  nb::class_<any_objective>(
      m, "Objective",
      "A loss of steps, of series, or an expression of such (a + b, 0.5 * a, aggregate(how, a)).\n\n"
      "Calling it gives (loss, gradient): the number sum over valid steps of weight times term, and a dict of arrays, the exact derivatives with\n"
      "respect to the logp, entropy and value that it reads. Arrays are [series, step] of float32 or float64, by keyword: logp, old_logp, ref_logp,\n"
      "sampler_logp, advantage (or one number for each series), entropy, value, old_value, target. valid: bool, None for all. per_step: the "
      "weighted\n"
      "losses as an array in the place of their sum. None of the arrays is copied or changed.")
      .def("__call__", &call_objective, nb::arg("valid") = nb::none(), nb::kw_only(), nb::arg("aggregation") = "step_mean",
           nb::arg("per_step") = false, nb::arg("arrays"))
      .def("__repr__", [](objective_ptr o) { return o->text(); })
      .def(
          "explained", [](objective_ptr o) { return o->text() + "\n" + o->explained(); },
          "The objective with the formula and the source of each term.")
      .def("__add__", [](objective_ptr a, objective_ptr b) -> objective_ptr { return std::make_shared<objective_sum>(a, b); })
      .def("__mul__", [](objective_ptr a, double f) -> objective_ptr { return std::make_shared<objective_weighed<by_factor>>(by_factor{f}, a); })
      .def("__rmul__", [](objective_ptr a, double f) -> objective_ptr { return std::make_shared<objective_weighed<by_factor>>(by_factor{f}, a); });
  m.def(
      "aggregate",
      [](nb::handle how, objective_ptr term) -> objective_ptr {
        return std::make_shared<objective_weighed<by_aggregation>>(by_aggregation{aggregation_of(how)}, term);
      },
      nb::arg("aggregation"), nb::arg("term"), "A term with an aggregation of its own.");
  m.def("kl_penalty", &kl_term, nb::arg("estimator") = "k3", nb::arg("weight") = .04, nb::arg("clamp_log_ratio") = 1e300,
        nb::arg("clamp_value") = 1e300,
        "weight KL^(logp, ref_logp), the estimator one of 'k1', 'k2', 'k3', 'abs', 'k3+', 'k3_ratio_corrected'; verl clamps k3 by 20 and 10.\n\n"
        "Source: Shao et al. 2024, arXiv:2402.03300, eq. 4; Schulman 2020, Approximating KL divergence.");
  add_objectives<policy_gradient, importance_ratio, positive_likelihood, log_likelihood, clipped_ratio, dual_clip, two_sided_clip, cispo, sapo, dro,
                 log_ratio_distance, dppo_tv, dppo_kl, prime_rl_loss, value_loss<>, clipped_value_loss<>, entropy_bonus<>, gspo, gspo_step, gmpo,
                 vespo<>, tic_grpo>(m);
}

}  // namespace cohort::python
