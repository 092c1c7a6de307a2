#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/goes_on.hpp"
#include "../support/lanes_in_one_call.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Observes how many steps its episode has; they end at a length that the reset draws, at action 2 after an odd number
/// of them, or at the limit.
struct steps_so_far {
  struct state {
    int count, length;
  };
  static constexpr discrete actions{3};
  static constexpr box<1> observations{{0}, {100}};
  int max_episode_steps = 9;
  int threads = 1;
  int step_threads() const { return threads; }
  bool asynchronous_steps() const { return threads > 1; }

  state reset(random_stream& draws) const { return {0, 3 + int(draws.integer(10))}; }
  outcome step(state& s, int action) const {
    bool const ends = action == 2 && s.count % 2 == 1;
    ++s.count;
    return {.reward = 1, .terminated = ends || s.count >= s.length};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.count)}; }
};

struct one_more {
  constexpr auto operator()(auto x) const { return x + 1; }
};
struct third_of_three {  // action 2 after three steps, otherwise 0
  template <class S>
  constexpr S operator()(S x) const {
    return select(x == 3, S(2), S(0));
  }
};

/// Counts its own steps in the first of two columns of memory, which are its values too; the second is 1 once it has
/// begun.
template <backend B>
struct counting_policy : actor_critic<B, categorical> {
  using base = actor_critic<B, categorical>;
  using T = value_t<B>;
  using action = typename base::action;

  explicit counting_policy(B& b) : base(b, categorical{3}, 1, {.hidden = {4}}, random_seed{2}) {}
  int memory() const { return 2; }
  int observations() const { return 3; }
  void remember(B& b, view<T const> rows, view<T> next) {
    b.map(outputs{next.column(0)}, one_more{}, rows.column(1));
    b.map(outputs{next.column(1)}, detail::filled{1}, rows.column(1));
  }

  static view<T const> own(view<T const> rows) { return rows.columns_part(0, 1); }
  void act(B& b, view<T const> rows, stream_id s, int G, view<action> out, view<T> logp) {
    base::act(b, own(rows), s, G, out, logp);
  }
  void act_deterministic(B& b, view<T const> rows, view<action> out) {
    b.map_rows(rows.rows, chosen{}, rows.column(1), out);
  }
  void value(B& b, view<T const> rows, view<T> out) { b.map(outputs{out}, detail::same{}, rows.column(1)); }
  void log_probability(B& b, view<T const> p, view<T const> rows, view<action const> a, int G, view<T> logp) {
    base::log_probability(b, p, own(rows), a, G, logp);
  }
  auto evaluate(B& b, view<T const> rows, view<action const> a, int G, other_distributions<T> const& others = {}) {
    return base::evaluate(b, own(rows), a, G, others);
  }
  struct chosen {
    template <class X, class O>
    constexpr void operator()(X x, O out) const {
      out.set(0, third_of_three{}(typename X::scalar(x[0])));
    }
  };
};

/// What a rollout of this policy gave; `next` collects another one.
template <backend B, class Rollout, class E = steps_so_far>
struct rollout_of {
  using policy_type = counting_policy<B>;

  B backend;
  policy_type policy{backend};
  typename Rollout::template collector<B, E, policy_type> collector;
  rollout_summary summary;

  explicit rollout_of(Rollout const& r, E const& e = {}) : collector(backend, r, e, policy, 1) {}
  auto& next() { return collector.collect(backend, policy, 1'000'000, summary); }
};

/// Every row remembers as many steps as the environment shows, and whether there was one.
template <class Batch>
int begun_in(Batch& b) {
  int begun = 0;
  for (std::ptrdiff_t r = 0; r < b.R; ++r) {
    auto const* row = b.observation.data() + r * 3;
    REQUIRE(row[1] == row[0]);
    REQUIRE(row[2] == (row[0] > 0 ? 1 : 0));
    REQUIRE(b.value.data()[r] == row[0]);
    begun += row[0] == 0;
  }
  return begun;
}

struct forgetful : lanes {
  static constexpr bool carries_memory = false;
};

}  // namespace

TEMPLATE_TEST_CASE("memory: lanes carry it from step to step and rollout to rollout, to what ends an episode, not on",
                   "", eigen::backend, archetype<double>) {
  for (bool apart : {false, true}) {
    rollout_of<TestType, lanes> c({.count = 5, .horizon = 11}, {9, apart ? 2 : 1});
    bool cut = false;
    for (int k = 0; k < 4; ++k) {
      auto& b = c.next();
      CHECK(begun_in(b) > (k == 0 ? 5 : 0));
      CHECK((k == 0 || b.observation.data()[1] > 0 || b.observation.data()[4] > 0));  // in the middle of an episode
      for (std::ptrdiff_t r = 0; r < b.R; ++r) {
        if (!b.terminated.data()[r]) REQUIRE(b.next_value.data()[r] == b.value.data()[r] + 1);
        cut = cut || b.truncated.data()[r];
      }
    }
    CHECK(cut);
  }
}

TEMPLATE_TEST_CASE("memory: lanes that begin an episode by a step of their own begin it without one", "",
                   eigen::backend, archetype<double>) {
  using together = support::lanes_in_one_call<steps_so_far>;
  rollout_of<TestType, lanes, together> c({.count = 5, .horizon = 11}, {{}, autoreset::next_step});
  for (int k = 0; k < 4; ++k) {
    auto& b = c.next();
    CHECK((b.R < 55 && begun_in(b) > 0));
  }
}

TEMPLATE_TEST_CASE("memory: groups begin without one and carry it through episodes of different lengths", "",
                   eigen::backend, archetype<double>) {
  rollout_of<TestType, groups> c({.count = 3, .group = 4, .resample = 1});
  for (int k = 0; k < 2; ++k) {
    auto& b = c.next();
    CHECK(begun_in(b) == 12);
    for (std::ptrdiff_t r = 0; r < b.R; ++r)
      if (!b.terminated.data()[r]) REQUIRE(b.next_value.data()[r] == b.value.data()[r] + 1);
  }
}

TEMPLATE_TEST_CASE("memory: probes of copied states have that of their state, and go on as the executed one does", "",
                   eigen::backend, archetype<double>) {
  for (int depth : {1, 3})
    for (auto execute : {executed_probe::first, executed_probe::softmax}) {
      rollout_of<TestType, probes> c({.lanes = 3, .horizon = 10, .group = 2, .depth = depth, .execute = execute});
      for (int k = 0; k < 3; ++k) {
        auto& b = c.next();
        CHECK(begun_in(b) > 0);
        for (std::ptrdiff_t i = 0; i < b.M(); ++i) {
          double steps = 1;
          auto ended = [&](int j) { return b.terminated.data()[j * b.M() + i] || b.truncated.data()[j * b.M() + i]; };
          for (int j = 0; j + 1 < depth && !ended(j); ++j) ++steps;
          REQUIRE(b.probe_value.data()[i] == b.value.data()[i / 2] + steps);
        }
        for (std::ptrdiff_t r = 0; r < b.R; ++r) REQUIRE(b.next_value.data()[r] == b.value.data()[r] + 1);
      }
    }
}

TEST_CASE("memory: copies of vine's states have that of their state, and keep it when they move together") {
  using B = eigen::backend;
  struct by_memory : counting_policy<B> {  // draws what act_deterministic chooses
    using counting_policy<B>::counting_policy;
    void act(B& b, view<T const> rows, stream_id, int, view<action> out, view<T> logp) {
      act_deterministic(b, rows, out);
      b.map(outputs{logp}, detail::filled{-1}, view<T const>(logp));
    }
  };
  B backend;
  by_memory policy{backend};
  rollout_summary summary;
  vine_collector<B, steps_so_far, by_memory> collector(backend, {.lanes = 4, .horizon = 9, .rollouts = 3, .gamma = 1},
                                                       {}, policy, 1);
  for (int k = 0; k < 3; ++k) {
    auto& b = collector.collect(backend, policy, 1'000'000, summary);
    for (std::ptrdiff_t r = 0; r < b.R; ++r) {
      float const* row = b.observation.data() + r * 3;
      REQUIRE(row[1] == row[0]);
      REQUIRE(row[0] < 4);  // episodes end with the fourth step, or with the third
      REQUIRE((b.value.data()[r] == 4 - row[0] || b.value.data()[r] == 3 - row[0]));
    }
  }
}

TEST_CASE("memory: evaluate and controller begin episodes without one and carry it through them") {
  eigen::backend cpu;
  counting_policy<eigen::backend> policy{cpu};
  steps_so_far environment;
  for (double r : evaluate(cpu, environment, policy, 20)) CHECK((r == 3 || r == 4));
  controller control{cpu, environment, policy};
  for (int episode = 0; episode < 2; ++episode) {
    control.begin_episode();
    for (int t = 0; t < 6; ++t) CHECK(control.best(std::array{float(t)}) == (t == 3 ? 2 : 0));
  }
  control.begin_episode();
  for (int t = 0; t < 3; ++t) control.act(std::array{0.f});
  CHECK(control.best(std::array{0.f}) == 2);
}

TEST_CASE("memory: a run that is saved or cut anywhere goes on with it, to the bit") {
  eigen::backend cpu;
  auto with = [&](auto rollout) {
    auto const ppo = algorithm{.rollout = rollout,
                               .advantage = gae{},
                               .objective = clipped_ratio{} + .5 * value_loss{},
                               .update = update{.epochs = 2, .minibatch_size = 8}};
    support::goes_on_bit_by_bit(cpu, ppo, steps_so_far{}, [&] { return counting_policy<eigen::backend>{cpu}; }, 2);
  };
  with(lanes{.count = 3, .horizon = 5});
  with(vine{.lanes = 2, .horizon = 5, .rollouts = 2});
}

TEST_CASE("memory: a rollout that does not say that it carries it is refused") {
  eigen::backend cpu;
  counting_policy<eigen::backend> policy{cpu};
  auto const ppo = algorithm{.rollout = forgetful{}, .objective = clipped_ratio{} + value_loss{}};
  CHECK_THROWS_WITH(train(cpu, ppo, steps_so_far{}, policy, {.steps = 10}),
                    ContainsSubstring("the policy has a memory, and the rollout") &&
                        ContainsSubstring("does not carry it from step to step: use lanes, groups, probes or vine"));
}
