#pragma once
#include <cmath>
#include <cohort/backend/copies.hpp>
#include <cohort/rollout/lanes.hpp>
#include <iterator>
#include <limits>

namespace COHORT_NAMESPACE {

/// Whether copies of one state meet the same random numbers in the environment's steps.
enum class action_noise { independent, common };

template <backend B, environment E, class Policy>
class groups_collector;

/// The rollout of GRPO: in each of `count` groups, `group` whole episodes that start from one and the same state, which
/// was copied. Without a critic there is nothing to bootstrap from, so episodes are played to their end or the
/// environment's time limit.
///
/// With `resample` (dynamic sampling, DAPO) groups whose returns are all equal, up to what rounding makes of their
/// rewards (8 of the type's epsilons of the largest sum |r|), from which nothing is learned, are left out, and up to so
/// many more rounds are played until there are `count` groups; those that are then too many are left out too. If no
/// group of any round differs, the last round stands as it is.
///
/// A rollout that the run's remaining steps cannot finish is dropped, its steps counted.
struct groups {
  int count = 2;  ///< groups in a rollout
  int group = 8;  ///< G, episodes in a group
  cohort::action_noise noise = cohort::action_noise::independent;
  int resample = 0;  ///< rounds at most, >= 0

  constexpr void parameters(auto f) const {
    f("count", count), f("group", group);
    f("noise", noise, noise != cohort::action_noise::independent);
    f("resample", resample, resample > 0);
  }

  static constexpr bool carries_memory = true;  ///< of a policy that has one
  /// What its batches give an estimator.
  template <class Policy>
  static constexpr unsigned gives = needs::groups | (Policy::has_critic ? needs::critic : 0);
  template <backend B, environment E, class Policy>
  using collector = groups_collector<B, E, Policy>;
  void check() const {
    detail::require(count > 0, "groups", "count", count, "a positive number");
    detail::require(group > 0, "groups", "group", group, "a positive number");
    detail::require(resample >= 0, "groups", "resample", resample, "0 or a positive number");
    detail::require_numbered("groups", "count x group", double(count) * group);
  }
};

template <backend B, environment E, class Policy>
class groups_collector {
  using T = value_t<B>;
  using action = typename Policy::action;
  template <class U>
  using array = typename B::template array<U>;

 public:
  using batch_type = batch<B, action>;

  groups_collector(B& backend, groups const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o),
        N_(o.count * o.group),
        limit_(episode_limit(e)),
        stepper_(backend, e, policy, N_, seed),
        length_(std::size_t(N_)),
        return_(std::size_t(N_)),
        magnitude_(std::size_t(N_)) {
    if (limit_ <= 0)
      throw value_error(
          "groups: the environment has no max_episode_steps, so an episode might never end: give it one, "
          "time_limit{environment, n}");
    detail::require_copies(e);
    batch_.set_extents(policy);
    detail::require_numbered("groups", "count x group x (max_episode_steps + 1) x (resample + 1)",
                             (limit_ + 1.) * N_ * (1. + o.resample));
    std::ptrdiff_t most = rows_ = std::ptrdiff_t(limit_ + 1) * N_ * (1 + o.resample);
    for (auto* a : {&raw_.observation, &last_}) backend.resize(*a, most * batch_.observation_size);
    raw_.resize_steps(backend, most, batch_.action_width);
  }

  void persist(auto const& f) { f("environment", stepper_); }

  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    collecting(backend, policy, budget, summary).finish();
    return batch_;
  }
  /// The same in pieces: a step of all episodes.
  detail::pieces collecting(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    final_.clear();
    kept_.clear();
    batch_.R = 0;
    detail::completion_counter counter;
    std::ptrdiff_t end = 0;  // of the rounds' rows
    std::int64_t left = budget;
    for (int more = options_.resample; more >= 0 && std::ssize(kept_) < options_.count; --more) {
      std::int64_t before = left;
      std::ptrdiff_t steps = 0;
      auto playing = play(backend, policy, end, left, steps, summary);
      while (playing.next()) co_await detail::pause;
      summary.steps += before - left;
      if (steps == 0) co_return;
      choose(end, more == 0, counter);
      end += (steps + 1) * N_;
    }
    summary.completions = counter.means();
    pack(backend, policy, end);
  }
  batch_type& collected() { return batch_; }

 private:
  /// A kept group: the row of its first episode's first step, and the lengths of its episodes.
  struct kept_group {
    std::ptrdiff_t first;
    std::vector<std::ptrdiff_t> length;
  };

  /// One episode in each lane, its steps from row `base` on, t N + n; `longest` is how many steps the longest has, or 0
  /// if they are more than `left`.
  detail::pieces play(B& backend, Policy& policy, std::ptrdiff_t base, std::int64_t& left, std::ptrdiff_t& longest,
                      rollout_summary& summary) {
    int D = batch_.observation_size, G = options_.group;
    std::fill(return_.begin(), return_.end(), 0);
    std::fill(magnitude_.begin(), magnitude_.end(), 0);
    stepper_.environment().reset(backend, G);
    auto seen = raw_.observation.matrix(rows_, D), last = last_.matrix(rows_, D);
    stepper_.observe_new(backend, seen.part(base, N_));
    std::ptrdiff_t t = 0;
    for (episodes_.start(std::size_t(N_)); episodes_.alive > 0; ++t) {
      std::ptrdiff_t row = base + t * N_;
      if (std::int64_t(episodes_.alive) > left) {
        left = 0;
        co_return;
      }
      left -= std::int64_t(episodes_.alive);
      auto next = seen.part(row + N_, N_);
      stepper_.step(backend, policy, seen.part(row, N_), raw_, row, next, 1,
                    options_.noise == action_noise::common ? G : 1);
      // Who is still alive decides how many steps were used, so the host must know after each.
      stepper_.read(backend, raw_, row, record_);
      bool any_ended = episodes_.count(record_, [&](std::size_t lane, double reward, bool done) {
        return_[lane] += reward;
        magnitude_[lane] += std::abs(reward);
        if (!done) return;
        if (record_.truncated[lane]) final_.add(row + std::ptrdiff_t(lane));
        length_[lane] = t + 1;
        summary.episode_returns.push_back(return_[lane]);
      });
      if (any_ended) stepper_.restart(backend, raw_, row, next, last.part(row, N_));
      co_await detail::pause;
    }
    stepper_.require_finite_rollout(backend, raw_, base, seen.part(base, (t + 1) * N_));
    longest = t;
  }

  /// Keeps the groups of the round just played that are worth it.
  void choose(std::ptrdiff_t base, bool last, detail::completion_counter& counter) {
    double const epsilon = double(std::numeric_limits<T>::epsilon());
    auto G = std::size_t(options_.group);
    std::vector<detail::group_scores> scores(std::size_t(options_.count));
    auto differ = [&](std::size_t g) { return scores[g].differs(epsilon); };
    bool any = options_.resample == 0, none_yet = kept_.empty();
    for (std::size_t g = 0; g < scores.size(); ++g) {
      for (std::size_t k = g * G; k < (g + 1) * G; ++k) scores[g].add(return_[k], magnitude_[k]);
      any = any || differ(g);
    }
    for (std::size_t g = 0; g < scores.size(); ++g) {
      bool const room = std::ssize(kept_) < options_.count,
                 stays = room && (options_.resample == 0 || differ(g) || (last && none_yet && !any));
      counter.add_group(scores[g], stays, epsilon);
      if (stays)
        kept_.push_back({base + std::ptrdiff_t(g * G),
                         {length_.begin() + std::ptrdiff_t(g * G), length_.begin() + std::ptrdiff_t((g + 1) * G)}});
    }
  }

  /// Time-major lanes with holes become packed series: nothing is padded, so nothing is diluted.
  void pack(B& backend, Policy& policy, std::ptrdiff_t rows) {
    int D = batch_.observation_size;
    std::vector<std::int32_t> offsets{0}, order, groups{0};
    for (auto const& group : kept_) {
      for (std::size_t k = 0; k < group.length.size(); ++k) {
        for (std::ptrdiff_t t = 0; t < group.length[k]; ++t)
          order.push_back(std::int32_t(group.first + std::ptrdiff_t(k) + t * N_));
        offsets.push_back(std::int32_t(order.size()));
      }
      groups.push_back(std::int32_t(offsets.size() - 1));
    }
    backend.assign(batch_.group_offsets, std::span<std::int32_t const>(groups));
    batch_.groups = partition::segments(batch_.group_offsets.all(), groups.back(), options_.group);
    if constexpr (Policy::has_critic) {
      backend.resize(raw_.value, rows);
      backend.resize(raw_.next_value, rows - N_);
      policy.value(backend, view<T const>(raw_.observation.matrix(rows_, D).part(0, rows)), raw_.value.all());
      detail::copy_to(backend, raw_.next_value.all(), raw_.value.all().part(N_, rows - N_));
      final_.write(backend, policy, view<T const>(last_.matrix(rows_, D).part(0, rows - N_)),
                   raw_.truncated.all().part(0, rows - N_), raw_.next_value.all());
      raw_.has_values = true;
    }
    batch_.pack(backend, raw_, order, offsets);
  }

  groups options_;
  int N_, limit_;
  std::ptrdiff_t rows_ = 0;  // in the raw arrays: one a lane and step of each round, and one more, seen last
  detail::stepper<B, E, Policy> stepper_;
  detail::first_episodes episodes_;
  std::vector<std::ptrdiff_t> length_;  // of each lane's episode
  std::vector<double> return_;          // and its return
  std::vector<double> magnitude_;       // and the sum of its rewards' absolute values
  std::vector<kept_group> kept_;
  detail::rollout_record<T> record_;
  detail::final_values<B> final_;
  batch_type raw_, batch_;
  array<T> last_;
};

}  // namespace COHORT_NAMESPACE
