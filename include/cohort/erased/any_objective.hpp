#pragma once
#include <cohort/erased/objective_model.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// An objective, or what is one at each progress of a run.
template <class O>
concept objective_at_progress = objective<O> || pair_objective<O> || requires(O const& o) {
  { o.at(0.) } -> objective;
} || requires(O const& o) {
  { o.at(0.) } -> pair_objective;
};

}  // namespace detail

/// An objective whose type is known at run time only: any_objective<B> loss = clipped_ratio{} + value_loss{}; the
/// loss and all its derivatives are still one fused pass, compiled where the objective is given.
///
/// An update that trains the policy and the value function apart asks for its terms in two:
/// any_objective<B>::in_parts(objective).
template <backend B>
class any_objective {
  using table = detail::erased_objective<B>;

 public:
  any_objective() = default;
  template <class O>
    requires(!std::is_same_v<O, any_objective> && detail::objective_at_progress<O>)
  any_objective(O const& o) : whole_(std::make_unique<detail::objective_model<B, O, detail::all_terms_of>>(o)) {}

  template <class O>
  static any_objective in_parts(O const& o) {
    any_objective parts(o);
    parts.policy_ = make<detail::policy_terms_of>(o), parts.value_ = make<detail::value_terms_of>(o);
    return parts;
  }

  table& whole() const { return *whole_; }
  /// Of an objective in parts. Raises value_error where there is no such term.
  table& policy_terms() const { return part(policy_, "policy"); }
  table& value_terms() const { return part(value_, "value"); }
  bool has_value_terms() const { return bool(value_); }

  /// What it reads, as bits of `needs`.
  unsigned reads() const { return whole_->shape().reads; }
  /// Its terms, "clipped_ratio + value_loss".
  std::string name() const { return whole_->name(); }
  /// Raises value_error for parameters out of their range at any progress.
  void check() const {
    for (double progress : {0., .25, .5, .75, .999}) whole_->check(progress);  // no update begins at 1
  }
  /// Schedules stand as they are at this progress of a run from now on.
  void set_progress(double progress) {
    each([&](table& t) { t.set_progress(progress); });
  }
  void adapt(update_metrics const& m) {
    each([&](table& t) { t.adapt(m); });
  }
  void persist(detail::state_walk<B> const& f) {
    whole_->persist(f);
    if (policy_) policy_->persist(f.inside("policy"));
    if (value_) value_->persist(f.inside("value"));
  }

 private:
  template <class Terms, class O>
  static detail::owned<table> make(O const& o) {
    if constexpr (detail::has_terms<decltype(Terms::take(at_progress(o, 0.)))>)
      return detail::owned<table>(std::make_unique<detail::objective_model<B, O, Terms>>(o));
    else return {};
  }
  static table& part(detail::owned<table> const& of, char const* what) {
    if (!of) throw value_error(std::string("the objective has no terms of the ") + what + " alone");
    return *of;
  }
  template <class F>
  void each(F f) {
    for (auto* one : {&whole_, &policy_, &value_})
      if (*one) f(**one);
  }

  detail::owned<table> whole_, policy_, value_;
};

}  // namespace COHORT_NAMESPACE
