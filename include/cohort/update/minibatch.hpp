#pragma once
#include <array>
#include <cohort/backend/copies.hpp>
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
/// each. For a policy that learns through time (policy_memory.hpp) the units are runs of steps, and the rows of a
/// minibatch stand in the order of time.
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
  /// Before a batch is cut: into what runs, if it is.
  void plan(B& backend, batch_type& b, std::ptrdiff_t unroll, std::ptrdiff_t burn_in) {
    batch_ = &b;
    in_runs_ = through_time && b.memory > 0;
    burns_in_ = in_runs_ && burn_in > 0;
    if (in_runs_) runs_.plan(backend, b, unroll, burn_in);
  }
  std::ptrdiff_t count(batch_type const& b) const { return in_runs_ ? runs_.count() : b.R; }
  void set_order(B& backend, std::span<std::int32_t const> order) {
    if (in_runs_) order_of_runs_ = order;
    else backend.assign(order_, order);
  }

  minibatch<T> whole(B& backend, batch_type& b) {
    if (in_runs_) {
      runs_.rows_of({}, in_time_);
      if (!runs_.in_order()) return rows_of(backend, b, indices(backend, order_, in_time_.rows));
    }
    G_ = int(b.G);
    W_ = b.distribution_size;
    others_ = {whole(b.reference_distribution, b.R), whole(b.old_distribution, b.R)};
    observation_now_ = b.observation.matrix(b.R, b.observation_size);
    action_now_ = b.action.matrix(b.R, b.G * b.action_width);
    backend.resize(advantage_, b.M());
    // Normalization writes it, and the next epoch wants it as it was.
    detail::copy_to(backend, advantage_.all(), b.advantage.all());
    minibatch<T> m{.steps = {}, .advantage = advantage_.all(), .groups = b.groups};
    detail::take_terms<Policy::has_critic>(b, rooms_, m.steps, [](auto& from, auto&) { return from.all(); });
    return finished(backend, b, m, {});
  }

  minibatch<T> slice(B& backend, batch_type& b, std::ptrdiff_t first, std::ptrdiff_t count) {
    if (!in_runs_) return rows_of(backend, b, order_.all().part(first, count));
    runs_.rows_of(order_of_runs_.subspan(std::size_t(first), std::size_t(count)), in_time_);
    return rows_of(backend, b, indices(backend, order_, in_time_.rows));
  }

  template <class F>
  void accumulate_gradient(B& backend, Policy& policy, F partials) {
    auto slope = partials(std::ptrdiff_t(0), evaluate(backend, policy));
    if constexpr (requires { policy.distribution_size(); })
      policy.backward(backend, slope.logp, slope.entropy, slope.value, slope.kl, slope.old_kl);
    else policy.backward(backend, slope.logp, slope.entropy, slope.value);
  }

 private:
  static constexpr bool through_time = detail::learns_through_time<Policy, B>;

  auto evaluate(B& backend, Policy& policy) {
    if constexpr (through_time) {
      if (burns_in_) burn_in(backend, policy);
      return policy.evaluate(backend, observation_now_, action_now_, G_, others_, policy_part::all,
                             in_runs_ ? &in_time_.layout : nullptr);
    } else if constexpr (requires { policy.distribution_size(); }) {
      return policy.evaluate(backend, observation_now_, action_now_, G_, others_);
    } else {
      return policy.evaluate(backend, observation_now_, action_now_, G_);
    }
  }

  /// What is remembered in the first rows of runs becomes what the policy as it is now would, after the steps before
  /// them.
  void burn_in(B& backend, Policy& policy) {
    auto& [places, last, before] = at_begins_;
    places.clear(), last.clear(), before.clear();
    runs_.leads_of(lead_, [&](std::int32_t place, std::int32_t row, std::int32_t row_before) {
      places.push_back(place), last.push_back(row), before.push_back(row_before);
    });
    if (places.empty()) return;
    batch_type& b = *batch_;
    std::ptrdiff_t const n = lead_.layout.size(), K = std::ssize(places), D = b.observation_size, W = b.memory;
    auto numbers = backend.template temporary<T>(n * (D + W) + K * W);
    auto flags = backend.template temporary<std::uint8_t>(2 * K);
    T* const data = numbers.all().data;
    view<T> const seen(data, n, D), after(data + n * D, n, W), begins(data + n * (D + W), K, W);
    view<std::uint8_t> const terminated = flags.all().part(0, K), truncated = flags.all().part(K, K);
    backend.gather(seen, view<T const>(b.observation.matrix(b.R, D)), indices(backend, lead_rows_, lead_.rows));
    policy.remember(backend, view<T const>(seen), after, &lead_.layout);
    backend.gather(begins, view<T const>(after), indices(backend, lead_rows_, last));
    auto const rows = indices(backend, lead_rows_, before);
    backend.gather(terminated, view<std::uint8_t const>(b.terminated.all().part(0, b.R)), rows);
    backend.gather(truncated, view<std::uint8_t const>(b.truncated.all().part(0, b.R)), rows);
    auto wide = [&](view<std::uint8_t> v) { return view<std::uint8_t const>(v.data, K, W, 1, 0); };
    backend.map(outputs{begins}, detail::zero_where_either{}, view<T const>(begins), wide(terminated), wide(truncated));
    backend.scatter(observation_.matrix(observation_now_.rows, D).columns_part(D - W, W), view<T const>(begins),
                    indices(backend, lead_rows_, places));
  }

  static view<std::int32_t const> indices(B& backend, array<std::int32_t>& to, std::vector<std::int32_t> const& from) {
    backend.assign(to, std::span<std::int32_t const>(from));
    return to.all();
  }

  minibatch<T> rows_of(B& backend, batch_type& b, view<std::int32_t const> rows) {
    std::ptrdiff_t const count = rows.rows;
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
    else detail::copy_to(backend, old_value_.matrix(R, b.G), by_decision);
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
  array<std::int32_t> order_, series_, every_row_, lead_rows_;
  batch_type* batch_ = nullptr;
  bool in_runs_ = false, burns_in_ = false;
  detail::time_runs runs_;
  detail::time_runs::rows_in_time in_time_, lead_;  // of the minibatch, and of what is before its runs
  std::array<std::vector<std::int32_t>, 3> at_begins_;
  std::span<std::int32_t const> order_of_runs_;
};

}  // namespace COHORT_NAMESPACE
