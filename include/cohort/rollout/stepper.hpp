#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/policy/policy_memory.hpp>
#include <cohort/rollout/episodes.hpp>

// What every rollout and `evaluate` do with environments and a policy; who goes on, and with what, is the rollout's.

namespace COHORT_NAMESPACE::detail {

/// Environments side by side under one policy: the policy acts, all lanes go one step, those that ended start again.
/// Steps are rows of a step_record; rows of what is observed have the policy's memory with them.
template <backend B, environment E, class Policy>
class stepper {
  using T = value_t<B>;
  using action = typename Policy::action;

 public:
  using record = step_record<B, action>;

  /// The purposes are those of the draws of actions, of starts and of the environment's noise.
  stepper(B& backend, E const& e, Policy const& policy, int N, std::uint64_t seed,
          draw_purpose actions = draw_purpose::action, draw_purpose resets = draw_purpose::reset,
          draw_purpose noise = draw_purpose::step)
      : environment_(backend, e, N, seed, resets, noise),
        memory_(policy),
        seed_(seed),
        actions_(actions),
        width_(policy.distribution().action_width()) {
    if (!memory_) return;
    backend.resize(between_, N * memory_.columns());
    fill_with(backend, between_.all(), 0);
  }

  vector_environment<B, E>& environment() { return environment_; }
  int lanes() const { return environment_.lanes(); }
  std::int64_t steps() const { return environment_.steps(); }
  policy_memory<B, Policy> const& memory() const { return memory_; }
  void persist(auto const& f) {
    environment_.persist(f);
    if (!memory_) return;
    auto all = between_.all();
    f("memory", all);
  }

  /// What every `every`-th lane sees now, of the episodes that the last rollout left in the middle (`leave`) or of new
  /// ones.
  void observe(B& backend, view<T> seen, int every = 1) {
    environment_.observe(backend, memory_.seen(seen), every);
    if (memory_) copy_to(backend, memory_.of(seen), between(seen.rows));
  }
  void observe_new(B& backend, view<T> seen) {
    environment_.observe(backend, memory_.seen(seen));
    memory_.forget(backend, seen);
  }
  void leave(B& backend, view<T const> seen) {
    if (memory_) copy_to(backend, between(seen.rows), memory_.of(seen));
  }

  /// One action for each lane, G for each row of `seen`, and one step: rows first ... first + N - 1 of `to`, and what
  /// is then observed, in `next` (which may be where `seen` is).
  void step(B& backend, Policy& policy, view<T const> seen, record& to, std::ptrdiff_t first, view<T> next, int G = 1,
            int noise_group = 1) {
    std::ptrdiff_t N = lanes();
    view<action> act = actions(to, first);
    policy.act(backend, seen, stream_id{seed_, actions_, std::uint32_t(steps())}, G, act.reshaped(N / G, G * width_),
               to.sampler_logp.all().part(first, N).reshaped(N / G, G));
    memory_.remember(backend, policy, seen, next, G);
    go(backend, to, first, next, noise_group);
  }
  /// The same with the most probable actions.
  void step_deterministic(B& backend, Policy& policy, view<T const> seen, record& to, std::ptrdiff_t first,
                          view<T> next) {
    policy.act_deterministic(backend, seen, actions(to, first));
    memory_.remember(backend, policy, seen, next);
    go(backend, to, first, next, 1);
  }

  /// The next `steps` steps of all lanes, each lane's as soon as the one before is done; `seen` has what is seen now in
  /// its first rows, and gets what is seen after each step, of the new episode where it ended one, whose last went to
  /// `last`.
  void step_apart(B& backend, Policy& policy, record& to, view<T> seen, view<T> last, std::ptrdiff_t steps) {
    std::ptrdiff_t const N = lanes();
    auto apart = environment_.steps_apart();
    auto row = std::vector<std::ptrdiff_t>(std::size_t(N));  // of each lane's next step
    auto const begin = [&](int n, std::ptrdiff_t i) {
      row[std::size_t(n)] = i;
      auto act = to.action.matrix(to.action.size() / width_, width_).part(i, 1);
      policy.act(backend, view<T const>(seen.part(i, 1)),
                 stream_id{seed_, actions_, std::uint32_t(this->steps() + i / N), std::uint32_t(n)}, 1, act,
                 to.sampler_logp.all().part(i, 1));
      memory_.remember(backend, policy, view<T const>(seen.part(i, 1)), seen.part(i + N, 1));
      apart.begin(backend, n, view<action const>(act));
    };
    for (int n = 0; n < N; ++n) begin(n, n);
    for (std::ptrdiff_t k = 0; k < steps * N; ++k) {
      int const n = apart.next();
      std::ptrdiff_t const i = row[std::size_t(n)];
      auto at = [&](auto& array) { return array.all().part(i, 1); };
      view<T> const next = seen.part(i + N, 1), end = last.part(i, 1);
      apart.read(backend, n, at(to.reward), at(to.terminated), at(to.truncated), memory_.seen(end), memory_.seen(next));
      memory_.copy(backend, view<T const>(next), end);
      memory_.pass_on(backend, view<T const>(next), next, at(to.terminated), at(to.truncated));
      if (i + N < steps * N) begin(n, i + N);
    }
    environment_.stepped_apart(steps);
  }

  /// A new episode in each lane that these rows ended: its row of `seen` moves to `last`, and what the new one shows
  /// takes its place.
  void restart(B& backend, record& at, std::ptrdiff_t first, view<T> seen, view<T> last) {
    view<std::uint8_t const> const terminated = at.terminated.all().part(first, lanes()),
                                   truncated = at.truncated.all().part(first, lanes());
    environment_.restart(backend, terminated, truncated, memory_.seen(seen), memory_.seen(last));
    memory_.copy(backend, view<T const>(seen), last);
    memory_.pass_on(backend, view<T const>(seen), seen, terminated, truncated);
  }

  /// These rows on the host; a device has to stop for it.
  void read(B& backend, record& at, std::ptrdiff_t first, rollout_record<T>& to) {
    auto rows = [&](auto& array) { return array.all().part(first, lanes()); };
    to.read(backend, rows(at.reward), rows(at.terminated), rows(at.truncated));
  }

  /// Raises environment_error for the first reward of the last `steps` steps that is not finite; their rows begin at
  /// `first`.
  void require_finite_rewards(B& backend, record& at, std::ptrdiff_t first, std::ptrdiff_t steps = 1) {
    environment_.require_finite_rewards(backend, at.reward.all().part(first, steps * lanes()), this->steps() - steps,
                                        lanes());
  }
  /// The same, and not_finite_error for the first action.
  void require_finite_steps(B& backend, record& at, std::ptrdiff_t first, std::ptrdiff_t steps = 1) {
    environment_.require_finite_actions(backend, at.sampler_logp.all().part(first, steps * lanes()),
                                        this->steps() - steps, lanes());
    require_finite_rewards(backend, at, first, steps);
  }
  /// Raises environment_error for the first number of what is seen now that is not finite, and where no action is
  /// allowed.
  void require_usable(B& backend, view<T const> seen) {
    environment_.require_finite_observations(backend, memory_.seen(seen), steps(), lanes());
    environment_.require_allowed_actions(backend, seen, steps(), lanes());
  }
  /// All of it for the steps of a whole rollout, `seen` being what they were taken from and what is seen now, `every`
  /// lanes a row: what happened first is said, since a policy makes no number of what is none, and an environment
  /// neither.
  void require_finite_rollout(B& backend, record& at, std::ptrdiff_t first, view<T const> seen, int every = 1) {
    int rows = lanes() / every;
    std::ptrdiff_t steps = seen.rows / rows - 1;
    std::int64_t first_step = this->steps() - steps;
    seen = memory_.seen(seen);
    environment_.require_allowed_actions(backend, seen, first_step, rows);
    std::ptrdiff_t observation = first_not_finite(backend, seen);
    if (observation >= 0) {
      view<T const> logp = at.sampler_logp.all().part(first, steps * lanes());
      std::ptrdiff_t act = first_not_finite(backend, logp);
      if (act < 0 || observation / (rows * seen.columns) <= act / lanes())
        environment_.require_finite_observations(backend, seen, first_step, rows);
    }
    require_finite_steps(backend, at, first, steps);
  }

 private:
  view<action> actions(record& to, std::ptrdiff_t first) {
    return to.action.matrix(to.action.size() / width_, width_).part(first, lanes());
  }
  void go(B& backend, record& to, std::ptrdiff_t first, view<T> next, int noise_group) {
    auto rows = [&](auto& array) { return array.all().part(first, lanes()); };
    environment_.step(backend, view<action const>(actions(to, first)), rows(to.reward), rows(to.terminated),
                      rows(to.truncated), memory_.seen(next), noise_group);
  }
  view<T> between(std::ptrdiff_t rows) { return between_.matrix(rows, memory_.columns()); }

  vector_environment<B, E> environment_;
  policy_memory<B, Policy> memory_;
  typename B::template array<T> between_;  // what is remembered from one rollout to the next
  std::uint64_t seed_;
  draw_purpose actions_;
  std::ptrdiff_t width_;
};

/// Lanes of which each counts until its episode has ended; it then goes on, unread.
class first_episodes {
 public:
  void start(std::size_t lanes) { running.assign(lanes, true), alive = lanes; }
  /// f(lane, reward, whether that ended it) for each that counts; whether any lane ended.
  template <class T, class F>
  bool count(rollout_record<T> const& step, F f) {
    bool any_ended = false;
    for (std::size_t n = 0; n < running.size(); ++n) {
      bool done = step.done(n);
      any_ended = any_ended || done;
      if (!running[n]) continue;
      f(n, double(step.reward[n]), done);
      if (done) running[n] = false, --alive;
    }
    return any_ended;
  }

  std::vector<char> running;
  std::size_t alive = 0;
};

}  // namespace COHORT_NAMESPACE::detail
