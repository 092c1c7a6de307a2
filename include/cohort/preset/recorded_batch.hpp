#pragma once
#include <cmath>
#include <cohort/advantage/batch_view.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/erased/term_weights.hpp>
#include <cohort/objective/differentiate.hpp>
#include <limits>
#include <optional>
#include <vector>

// A batch as a log holds it, and what an algorithm's parts make of it, without a policy.

namespace COHORT_NAMESPACE::preset {

/// One series: a completion, or an episode. The lists have a number for each step; what was not recorded is empty.
struct recorded_series {
  std::vector<double> reward;  ///< of each step
  std::vector<double> logp, old_logp, ref_logp, sampler_logp, value, entropy;
  std::vector<std::uint8_t> valid;
  bool truncated = false;  ///< cut off after its last step, and not at an end
  double value_after = 0;  ///< of the state that a truncated one was cut off in
};

/// Series in groups, on the host, packed. A list that not every series has is empty.
struct recorded_batch {
  std::vector<std::int32_t> offsets{0}, group_offsets{0}, series_of;
  std::vector<double> reward, logp, old_logp, ref_logp, sampler_logp, value, next_value, entropy;
  std::vector<std::uint8_t> valid, terminated, truncated;
  std::ptrdiff_t longest = 0, largest_group = 0;

  std::ptrdiff_t steps() const { return offsets.back(); }
  std::ptrdiff_t series() const { return std::ptrdiff_t(offsets.size()) - 1; }

  /// A group of series that started from the same place, behind the ones that there are. All of one batch must have the
  /// same lists.
  void add_group(std::vector<recorded_series> const& group) {
    for (auto const& s : group) add(s);
    group_offsets.push_back(std::int32_t(series()));
    largest_group = std::max(largest_group, std::ptrdiff_t(group.size()));
  }

  template <class T = double>
  batch_view<T> views() const {
    batch_view<T> v;
    v.series = cohort::partition::segments(in(offsets), steps(), longest);
    v.groups = cohort::partition::segments(in(group_offsets), series(), largest_group);
    v.reward = in(reward), v.terminated = in(terminated), v.truncated = in(truncated), v.valid = in(valid);
    v.old_logp = in(old_logp), v.ref_logp = in(ref_logp), v.sampler_logp = in(sampler_logp), v.value = in(value),
    v.next_value = in(next_value);
    return v;
  }
  template <class V>
  static view<V const> in(std::vector<V> const& v) {
    return v.empty() ? view<V const>{} : view<V const>{v.data(), std::ptrdiff_t(v.size())};
  }

 private:
  void add(recorded_series const& s) {
    std::size_t T = s.reward.size();
    auto append = [&](std::vector<double>& to, std::vector<double> const& from, char const* name) {
      bool wanted = series() == 0 ? !from.empty() : !to.empty();
      std::string what = std::string("the number of ") + name + " of series " + std::to_string(series());
      detail::require(from.size() == (wanted ? T : 0), "recorded_batch", what.c_str(), double(from.size()),
                      wanted ? "one for each of its rewards" : "none, as the series before it");
      to.insert(to.end(), from.begin(), from.end());
    };
    if (T == 0) throw value_error("recorded_batch: series " + std::to_string(series()) + " has no step");
    append(logp, s.logp, "logp"), append(old_logp, s.old_logp, "old_logp"), append(ref_logp, s.ref_logp, "ref_logp");
    append(sampler_logp, s.sampler_logp, "sampler_logp"), append(entropy, s.entropy, "entropy"),
        append(value, s.value, "value");
    detail::require(s.valid.empty() || s.valid.size() == T, "recorded_batch", "the number of flags in valid",
                    double(s.valid.size()), "one for each reward, or none");
    for (std::size_t t = 0; t < T; ++t) {
      bool last = t + 1 == T;
      reward.push_back(s.reward[t]);
      valid.push_back(s.valid.empty() ? 1 : s.valid[t]);
      terminated.push_back(last && !s.truncated), truncated.push_back(last && s.truncated);
      series_of.push_back(std::int32_t(series()));
    }
    if (!s.value.empty()) follow(s);
    offsets.push_back(std::int32_t(reward.size()));
    longest = std::max(longest, std::ptrdiff_t(T));
  }
  /// The value after a step is that before the next valid one.
  void follow(recorded_series const& s) {
    std::vector<double> after(s.value.size());
    double next = s.truncated ? s.value_after : 0;
    for (std::size_t t = after.size(); t-- > 0;) {
      after[t] = next;
      if (s.valid.empty() || s.valid[t]) next = s.value[t];
    }
    next_value.insert(next_value.end(), after.begin(), after.end());
  }
};

/// What came of it, M numbers each: the advantage, the value's target (with a critic), the weighted loss of each step
/// and its derivatives with respect to logp and value.
struct applied {
  std::vector<double> advantage, target, loss, logp, value;
  double total = 0;          ///< the loss
  double gradient_norm = 0;  ///< of the derivatives with respect to logp
};

/// An advantage estimator, an objective and an aggregation on a recorded batch. The value now is the recorded one, and
/// so is the old one. With `normalize` the advantages of the batch are standardized first. Raises value_error naming
/// what is read and was not recorded.
template <backend B, class Advantage, class Objective, class Aggregation>
applied apply(B& backend, Advantage const& estimator, Objective const& objective, Aggregation const& aggregation,
              recorded_batch const& batch, std::optional<standardize> normalize = {}) {
  static_assert(std::is_same_v<value_t<B>, double>, "a recorded batch is in double, so the backend must be too");
  auto M = batch.steps();
  applied found;
  for (auto* x : {&found.advantage, &found.target, &found.loss, &found.logp, &found.value}) x->resize(std::size_t(M));
  auto out = [](std::vector<double>& v) { return view<double>{v.data(), std::ptrdiff_t(v.size())}; };
  auto in = [](auto const& v) { return recorded_batch::in(v); };
  estimator(backend, batch.views(),
            estimates<double>{out(found.advantage), batch.value.empty() ? view<double>{} : out(found.target)});
  if (normalize) (*normalize)(backend, out(found.advantage), in(batch.valid));

  std::vector<double> rest(std::size_t(3 * M)), weights(std::size_t((1 + detail::aggregations_in<Objective>)*M));
  step_views<double> at{.sampler_logp = in(batch.sampler_logp),
                        .old_logp = in(batch.old_logp),
                        .logp = in(batch.logp),
                        .ref_logp = in(batch.ref_logp),
                        .advantage = in(found.advantage),
                        .entropy = in(batch.entropy),
                        .value = in(batch.value),
                        .old_value = in(batch.value),
                        .target = batch.value.empty() ? view<double const>{} : in(found.target),
                        .valid = in(batch.valid),
                        .series_of = in(batch.series_of),
                        .series = batch.series()};
  aggregated_steps<double> all{M, batch.series(), in(batch.series_of), in(batch.valid), batch.views().groups};
  auto weighted_by = detail::term_weights(
      backend, aggregation, objective, all, at,
      [draw = 0u]() mutable { return stream_id{0, draw_purpose::selection, draw++}; }, out(weights));
  auto free = [&](int k) { return out(rest).part(k * M, M); };
  differentiate(backend, objective, at, weighted_by,
                {out(found.loss), out(found.logp), free(0), out(found.value), free(1), free(2)});
  for (std::size_t i = 0; i < std::size_t(M); ++i) {
    if (!batch.valid[i]) found.loss[i] = found.logp[i] = found.value[i] = 0;
    found.total += found.loss[i], found.gradient_norm += found.logp[i] * found.logp[i];
  }
  found.gradient_norm = std::sqrt(found.gradient_norm);
  return found;
}

}  // namespace COHORT_NAMESPACE::preset
