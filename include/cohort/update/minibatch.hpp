#pragma once
#include <array>
#include <cohort/objective/step_terms.hpp>
#include <cohort/policy/policy.hpp>
#include <cohort/rollout/batch.hpp>

namespace COHORT_NAMESPACE {

/// The M steps of one optimizer step; what a batch does not have is absent, and so is what the policy says of them now.
template <class T>
struct minibatch {
  step_views<T> steps;              ///< series: of the whole batch
  view<T> advantage;                ///< that of the steps, for normalization to write
  partition groups{};               ///< over all series of the batch
  view<std::uint8_t const> last{};  ///< of completions: the last step of each
  std::ptrdiff_t size() const { return advantage.rows; }
};

namespace detail {

/// The constant terms of a batch as take(array of the batch, room for it) gives them, if they are there: what is of a
/// critic only where there is one. `rooms` are kept by their order.
template <bool HasCritic, class Batch, class Rooms, class T, class Take>
void take_terms(Batch& batch, Rooms& rooms, step_views<T>& to, Take take) {
  std::size_t k = 0;
  batch.each_term([&](view<T const> step_views<T>::* term, auto& from) {
    auto& room = rooms[k++];
    bool of_critic = term == &step_views<T>::target || term == &step_views<T>::old_value;
    if (from.size() > 0 && (HasCritic || !of_critic)) to.*term = take(from, room);
  });
  if (!to.old_logp) to.old_logp = to.sampler_logp;
}

}  // namespace detail

/// Cuts a batch of decisions into minibatches: all of it, or some decisions in a given order, with the G actions of
/// each.
///
/// Your own batch type names such a class as `minibatches<Policy>`: count(batch), set_order(backend, order of the
/// units), whole(backend, batch), slice(backend, batch, first, count) of that order, and accumulate_gradient(backend,
/// policy, partials), which for the minibatch made last gives the policy's gradient of a loss; partials(first,
/// evaluation) is called for one or more runs of its steps and returns the derivatives with respect to what the
/// evaluation holds.
template <backend B, class Policy>
class decision_minibatches {
  using T = value_t<B>;
  using action = typename Policy::action;
  using batch_type = batch<B, action>;
  template <class U>
  using array = typename B::template array<U>;

 public:
  std::ptrdiff_t count(batch_type const& b) const { return b.R; }
  void set_order(B& backend, std::span<std::int32_t const> order) { backend.assign(order_, order); }

  minibatch<T> whole(B& backend, batch_type& b) {
    G_ = int(b.G);
    W_ = b.distribution_size;
    others_ = {whole(b.reference_distribution, b.R), whole(b.old_distribution, b.R)};
    observation_now_ = b.observation.matrix(b.R, b.observation_size);
    action_now_ = b.action.matrix(b.R, b.G * b.action_width);
    backend.resize(advantage_, b.M());
    // Normalization writes it, and the next epoch wants it as it was.
    backend.map(outputs{advantage_.all()}, detail::same{}, view<T const>(b.advantage.all()));
    minibatch<T> m{.steps = {}, .advantage = advantage_.all(), .groups = b.groups};
    detail::take_terms<Policy::has_critic>(b, rooms_, m.steps, [](auto& from, auto&) { return from.all(); });
    return finished(backend, b, m, {});
  }

  minibatch<T> slice(B& backend, batch_type& b, std::ptrdiff_t first, std::ptrdiff_t count) {
    view<std::int32_t const> rows = order_.all().part(first, count);
    auto take = [&]<class U>(array<U>& to, array<U>& from, std::ptrdiff_t columns) {
      backend.resize(to, count * columns);
      backend.gather(to.matrix(count, columns), view<U const>(from.data(), b.R, columns), rows);
      return to.all().reshaped(count * columns);
    };
    take(observation_, b.observation, b.observation_size);
    take(action_, b.action, b.G * b.action_width);
    G_ = int(b.G);
    W_ = b.distribution_size;
    auto distributions = [&](array<T>& to, array<T>& from) {
      if (from.size() > 0) take(to, from, W_);
      return from.size() > 0 ? whole(to, count) : view<T const>{};
    };
    others_ = {distributions(reference_, b.reference_distribution), distributions(old_, b.old_distribution)};
    observation_now_ = observation_.matrix(count, b.observation_size);
    action_now_ = action_.matrix(count, b.G * b.action_width);
    minibatch<T> m{.steps = {}, .advantage = take(advantage_, b.advantage, b.G), .groups = b.groups};
    detail::take_terms<Policy::has_critic>(b, rooms_, m.steps,
                                           [&](auto& from, auto& room) { return take(room, from, b.G); });
    return finished(backend, b, m, rows);
  }

  template <class F>
  void accumulate_gradient(B& backend, Policy& policy, F partials) {
    if constexpr (requires { policy.distribution_size(); }) {
      auto slope = partials(std::ptrdiff_t(0), policy.evaluate(backend, observation_now_, action_now_, G_, others_));
      policy.backward(backend, slope.logp, slope.entropy, slope.value, slope.kl, slope.old_kl);
    } else {
      auto slope = partials(std::ptrdiff_t(0), policy.evaluate(backend, observation_now_, action_now_, G_));
      policy.backward(backend, slope.logp, slope.entropy, slope.value);
    }
  }

 private:
  /// With what both ways of cutting have in common.
  minibatch<T> finished(B& backend, batch_type& b, minibatch<T> m, view<std::int32_t const> rows) {
    m.steps.advantage = m.advantage;
    m.steps.old_value = old_value(backend, b, rows);
    m.steps.series_of = series_of_steps(backend, b, rows);
    m.steps.series = b.series.count();
    return m;
  }

  /// The series of each of the G steps of each decision, of some rows or (none given) of all.
  view<std::int32_t const> series_of_steps(B& backend, batch_type& b, view<std::int32_t const> rows) {
    if (!rows && b.G == 1) return b.series_of.all();
    if (!rows) {
      if (every_row_.size() != b.R) {
        std::vector<std::int32_t> all(std::size_t(b.R));
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::int32_t(i);
        backend.assign(every_row_, std::span<std::int32_t const>(all));
      }
      rows = every_row_.all();
    }
    backend.resize(series_, rows.rows * b.G);
    backend.gather(series_.matrix(rows.rows, b.G), view<std::int32_t const>(b.series_of.data(), b.R, b.G, 1, 0), rows);
    return series_.all();
  }

  /// The value of each decision before the update, for each of its G steps.
  view<T const> old_value(B& backend, batch_type& b, view<std::int32_t const> rows) {
    if (!Policy::has_critic || !b.has_values) return {};
    if (!rows && b.G == 1) return b.value.all().part(0, b.R);
    std::ptrdiff_t R = rows ? rows.rows : b.R;
    backend.resize(old_value_, R * b.G);
    view<T const> by_decision(b.value.data(), b.R, b.G, 1, 0);
    if (rows) backend.gather(old_value_.matrix(R, b.G), by_decision, rows);
    else backend.map(outputs{old_value_.matrix(R, b.G)}, detail::same{}, by_decision);
    return old_value_.all();
  }
  view<T const> whole(array<T>& a, std::ptrdiff_t rows) const {
    return a.size() > 0 ? view<T const>(a.matrix(rows, W_)) : view<T const>{};
  }

  int G_ = 1, W_ = 0;
  other_distributions<T> others_;
  view<T const> observation_now_;
  view<action const> action_now_;
  array<T> observation_, advantage_, reference_, old_, old_value_;
  std::array<array<T>, std::size_t(detail::term_count)> rooms_;  // of the constant terms
  array<action> action_;
  array<std::int32_t> order_, series_, every_row_;
};

}  // namespace COHORT_NAMESPACE
