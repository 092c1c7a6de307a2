#pragma once
#include <cohort/backend/saved_state.hpp>
#include <cohort/erased/any_aggregation.hpp>
#include <cohort/erased/owned.hpp>
#include <cohort/erased/term_weights.hpp>
#include <cohort/erased/update_metrics.hpp>
#include <cohort/objective/clipped_steps.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/objective/value_and_policy_terms.hpp>
#include <cohort/selection/effective_sample_size.hpp>
#include <optional>

// An objective behind virtual functions: one call a pass over steps, with the fused kernel inside.

namespace COHORT_NAMESPACE::detail {

struct objective_shape {
  unsigned reads = 0;   ///< the terms that it reads, as bits of `needs`,
  unsigned writes = 0;  ///< and those whose derivatives its kernel writes
  int weights = 1;      ///< arrays of M numbers that prepare makes of weights,
  int sums = 0;         ///< and of sums along series
  bool of_pairs = false;
  bool looks_ahead = false;  ///< prepare needs what the policy says of all steps now
};

/// Where prepare makes an objective's weights: the draws of its selections are numbered on from `draws`.
template <class T>
struct objective_rooms {
  view<T> weights, sums;
  std::uint64_t seed = 0;
  std::int64_t& draws;
  double* effective_sample_size = nullptr;  ///< written where it is there and a selection corrects the sampler
};

template <backend B>
struct erased_objective {
  using T = value_t<B>;
  virtual ~erased_objective() = default;
  virtual std::unique_ptr<erased_objective> copy() const = 0;
  virtual objective_shape shape() const = 0;
  virtual void check(double progress) const = 0;
  virtual void set_progress(double progress) = 0;
  virtual void adapt(update_metrics const&) = 0;
  virtual void persist(state_walk<B> const&) = 0;
  virtual std::string name() const = 0;
  virtual double kl_weight() const = 0;

  /// Weights and sums of series, of all steps; the functions below speak of n of these from `first` on.
  virtual void prepare(B&, any_aggregation<B> const&, aggregated_steps<T> const&, step_views<T> const&,
                       objective_rooms<T> const&) = 0;
  virtual void differentiate(B&, step_views<T> const&, std::ptrdiff_t first, std::ptrdiff_t n,
                             partial_views<T> const&) = 0;
  /// How many are clipped from below and from above; not written by an objective that does not say it.
  virtual void count_clipped(B&, step_views<T> const&, std::ptrdiff_t first, std::ptrdiff_t n, view<T>) = 0;
  /// Of an objective of pairs, in the place of the three above.
  virtual void differentiate_pairs(B&, step_views<T> const&, view<std::uint8_t const> last,
                                   partial_views<T> const&) = 0;
};

struct all_terms_of {
  template <class O>
  static O const& take(O const& o) {
    return o;
  }
};
struct policy_terms_of {
  static auto take(objective auto const& o) { return policy_terms(o); }
};
struct value_terms_of {
  static auto take(objective auto const& o) { return value_terms(o); }
};

/// What a term weighs a divergence with, in the metrics' kl_weight.
template <class Term>
double kl_weight_of(Term const& term) {
  if constexpr (requires { term.kl_weight(); }) return term.kl_weight();
  else return 0;
}

template <backend B, class O, class Terms>
class objective_model final : public erased_objective<B> {
  using T = value_t<B>;
  static auto taken(O const& o, double progress) { return Terms::take(at_progress(o, progress)); }
  using now_type = decltype(taken(std::declval<O const&>(), 0.));
  static constexpr bool of_pairs = pair_objective<now_type>;

 public:
  explicit objective_model(O const& o) : all_(o), now_(taken(o, 0)) {}
  std::unique_ptr<erased_objective<B>> copy() const override { return std::make_unique<objective_model>(all_); }

  objective_shape shape() const override {
    unsigned reads = terms_read_by(*now_);
    if constexpr (of_pairs) return {.reads = reads, .of_pairs = true};
    else {
      constexpr int totals = series_totals_in<now_type>;
      return {reads,
              bits_of_leaves<leaves_of<now_type>>,
              1 + aggregations_in<now_type>,
              totals ? 1 + 2 * totals : 0,
              false,
              totals > 0 || selects_by_what_is_now<now_type>};
    }
  }
  void check(double progress) const override { check_objective(taken(all_, progress)); }
  void set_progress(double progress) override { now_.emplace(taken(all_, progress)); }
  void adapt(update_metrics const& m) override { detail::adapt(all_, m); }
  void persist(state_walk<B> const& f) override { persist_adapted(all_, f); }
  std::string name() const override {
    if constexpr (of_pairs) return component_name(*now_);
    else {
      std::string all;
      each_leaf(*now_, [&](auto const& leaf) { all += (all.empty() ? "" : " + ") + component_name(leaf.term); });
      return all;
    }
  }
  double kl_weight() const override {
    double sum = 0;
    if constexpr (!of_pairs) each_leaf(*now_, [&](auto const& leaf) { sum += leaf.factor * kl_weight_of(leaf.term); });
    return sum;
  }

  void prepare(B& backend, any_aggregation<B> const& aggregation, aggregated_steps<T> const& all,
               step_views<T> const& at, objective_rooms<T> const& rooms) override {
    if constexpr (!of_pairs) {
      auto draws = [&] { return stream_id{rooms.seed, draw_purpose::selection, std::uint32_t(rooms.draws++)}; };
      weights_ = term_weights(backend, aggregation, *now_, all, at, draws, rooms.weights,
                              [&]<class S>(S const&, [[maybe_unused]] view<T const> weight) {
                                if constexpr (requires { S::corrects_sampler; })
                                  if (rooms.effective_sample_size)
                                    *rooms.effective_sample_size = effective_sample_size(backend, weight);
                              });
      sums_ = sum_series(backend, *now_, at, weights_, rooms.sums);
    }
  }
  void differentiate(B& backend, step_views<T> const& at, std::ptrdiff_t first, std::ptrdiff_t n,
                     partial_views<T> const& out) override {
    if constexpr (!of_pairs) differentiate_steps(backend, *now_, at, weights_at(first, n), sums_.part(first, n), out);
  }
  void count_clipped(B& backend, step_views<T> const& at, std::ptrdiff_t first, std::ptrdiff_t n,
                     view<T> low_and_high) override {
    if constexpr (!of_pairs)
      if constexpr (has_clip<now_type>)
        detail::count_clipped(backend, *now_, at, weights_at(first, n), sums_.part(first, n), low_and_high);
  }
  void differentiate_pairs(B& backend, step_views<T> const& at, view<std::uint8_t const> last,
                           partial_views<T> const& out) override {
    if constexpr (of_pairs) cohort::differentiate_pairs(backend, *now_, at, last, out);
  }

 private:
  static constexpr auto sizes = [] {
    if constexpr (of_pairs) return std::pair(1, 0);
    else return std::pair(1 + aggregations_in<now_type>, series_totals_in<now_type>);
  }();
  auto weights_at(std::ptrdiff_t first, std::ptrdiff_t n) const {
    auto here = weights_;
    for (auto& w : here) w = w.part(first, n);
    return here;
  }

  O all_;
  std::optional<now_type> now_;
  std::array<view<T const>, std::size_t(sizes.first)> weights_;
  series_sums<T, sizes.second> sums_;
};

}  // namespace COHORT_NAMESPACE::detail
