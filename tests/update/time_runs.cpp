#include <algorithm>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

using B = eigen::basic_backend<double>;

/// Observes the number of its episode and how many steps that has; episodes have 2 to 6 steps.
struct numbered {
  struct state {
    double episode;
    int count, length;
  };
  static constexpr discrete actions{2};
  static constexpr box<2> observations{{0, 0}, {1, 10}};
  int max_episode_steps = 6;

  state reset(random_stream& draws) const { return {draws.uniform(), 0, 2 + int(draws.integer(5))}; }
  outcome step(state& s, int action) const {
    return {.reward = double(action), .terminated = ++s.count >= s.length || (action == 1 && s.count > 3)};
  }
  std::array<double, 2> observe(state const& s) const { return {s.episode, double(s.count)}; }
};

/// Remembers how many steps its episode has had, and of each pass through time the rows that it was given.
struct counts_steps : actor_critic<B, categorical> {
  using base = actor_critic<B, categorical>;
  using T = double;

  struct pass {
    time_layout layout;
    std::vector<std::array<double, 3>> rows;
  };
  std::vector<pass> passes;
  bool drifts = false;  ///< what it remembers is not what it did: 100 more

  explicit counts_steps(B& b) : base(b, categorical{2}, 2, {.hidden = {4}}, random_seed{2}) {}
  int memory() const { return 1; }
  int observations() const { return 3; }
  static view<T const> own(view<T const> rows) { return rows.columns_part(0, 2); }

  void remember(B&, view<T const> rows, view<T> next, time_layout const* layout = nullptr) {
    for (std::ptrdiff_t r = 0; r < rows.rows; ++r) next(r) = rows(r, 2) + 1 + (drifts ? 100 : 0);
    if (!layout) return;
    for (std::size_t t = 1; t < layout->steps(); ++t)
      for (std::ptrdiff_t k = 0; k < layout->rows(t); ++k) {
        std::ptrdiff_t const r = layout->first[t] + k;
        next(r) = rows(r, 1) == 0 ? 1 : next(layout->first[t - 1] + k) + 1;
      }
  }
  void act(B& b, view<T const> rows, stream_id s, int G, view<action> out, view<T> logp) {
    base::act(b, own(rows), s, G, out, logp);
  }
  void value(B& b, view<T const> rows, view<T> out) { base::value(b, own(rows), out); }
  void log_probability(B& b, view<T const> p, view<T const> rows, view<action const> a, int G, view<T> logp,
                       time_layout const* layout = nullptr) {
    note(rows, layout);
    base::log_probability(b, p, own(rows), a, G, logp);
  }
  void distribution_rows(B& b, view<T const> p, view<T const> rows, view<T> out, time_layout const* layout = nullptr) {
    note(rows, layout);
    base::distribution_rows(b, p, own(rows), out);
  }
  void kl_to(B& b, view<T const> other, view<T const> rows, view<T> kl, time_layout const* layout = nullptr) {
    note(rows, layout);
    base::kl_to(b, other, own(rows), kl);
  }
  auto evaluate(B& b, view<T const> rows, view<action const> a, int G, other_distributions<T> const& others = {},
                policy_part part = policy_part::all, time_layout const* layout = nullptr) {
    note(rows, layout);
    return base::evaluate(b, own(rows), a, G, others, part);
  }
  void note(view<T const> rows, time_layout const* layout) {
    REQUIRE(layout);
    REQUIRE(layout->size() == rows.rows);
    passes.push_back({*layout, {}});
    for (std::ptrdiff_t r = 0; r < rows.rows; ++r) passes.back().rows.push_back({rows(r, 0), rows(r, 1), rows(r, 2)});
  }
};

/// Each row of a step goes on from that of the step before it or begins an episode, and remembers what it did.
void require_in_time(counts_steps::pass const& p, std::ptrdiff_t longest) {
  REQUIRE(std::ptrdiff_t(p.layout.steps()) <= longest);
  for (std::size_t t = 0; t < p.layout.steps(); ++t) {
    REQUIRE((t == 0 || p.layout.rows(t) <= p.layout.rows(t - 1)));
    for (std::ptrdiff_t k = 0; k < p.layout.rows(t); ++k) {
      auto const& now = p.rows[std::size_t(p.layout.first[t] + k)];
      REQUIRE(now[2] == now[1]);
      if (t == 0 || now[1] == 0) continue;
      auto const& before = p.rows[std::size_t(p.layout.first[t - 1] + k)];
      REQUIRE(now[0] == before[0]);
      REQUIRE(now[1] == before[1] + 1);
    }
  }
}

template <class Rollout, class Update>
auto run(counts_steps& policy, Rollout const& rollout, Update const& how, int updates = 1) {
  static B cpu;
  auto const advantage = [] {
    if constexpr (std::is_same_v<Rollout, probes>) return hybrid_grpo{};
    else return gae{};
  }();
  auto const ppo =
      algorithm{.rollout = rollout,
                .advantage = advantage,
                .objective = clipped_ratio{} + .5 * value_loss{} + kl_penalty{.estimator = k3{}, .weight = .1},
                .update = how};
  return train(cpu, ppo, numbered{}, policy, {.updates = updates, .seed = 3});
}

}  // namespace

TEST_CASE("time runs: minibatches are runs of steps side by side, and an epoch has each step once") {
  B cpu;
  auto check = [&](auto rollout, update<> how, std::ptrdiff_t longest) {
    counts_steps policy{cpu};
    run(policy, rollout, how, 2);
    std::size_t const in_epoch = std::size_t(how.minibatches), per_update = 1 + 2 * in_epoch;
    REQUIRE(policy.passes.size() == 2 * per_update);
    for (std::size_t u = 0; u < 2; ++u) {
      auto const of = [&](std::size_t k) -> auto& { return policy.passes[u * per_update + k]; };
      require_in_time(of(0), 1000);  // the reference, over whole series
      auto all = of(0).rows;
      std::sort(all.begin(), all.end());
      for (std::size_t epoch = 0; epoch < 2; ++epoch) {
        std::vector<std::array<double, 3>> seen;
        for (std::size_t k = 0; k < in_epoch; ++k) {
          auto const& p = of(1 + epoch * in_epoch + k);
          require_in_time(p, longest);
          seen.insert(seen.end(), p.rows.begin(), p.rows.end());
        }
        std::sort(seen.begin(), seen.end());
        REQUIRE(seen == all);
      }
    }
  };
  lanes const side_by_side{.count = 6, .horizon = 17};
  groups const ragged{.count = 3, .group = 4};
  for (int minibatches : {1, 3}) {
    check(side_by_side, {.epochs = 2, .minibatches = minibatches}, 17);
    check(side_by_side, {.epochs = 2, .minibatches = minibatches, .unroll = 5}, 5);
    check(side_by_side, {.epochs = 2, .minibatches = minibatches, .unroll = 5, .burn_in = 3}, 5);
    check(ragged, {.epochs = 2, .minibatches = minibatches}, 6);
    check(ragged, {.epochs = 2, .minibatches = minibatches, .unroll = 2, .burn_in = 1}, 2);
    check(probes{.lanes = 4, .horizon = 9, .group = 2}, {.epochs = 2, .minibatches = minibatches, .unroll = 4}, 4);
  }
}

TEST_CASE("time runs: burn-in replaces what was remembered where a run begins in the middle of an episode, not else") {
  B cpu;
  counts_steps policy{cpu};
  policy.drifts = true;
  run(policy, lanes{.count = 6, .horizon = 17}, update<>{.epochs = 1, .unroll = 5, .burn_in = 3});
  auto const& p = policy.passes.back();
  int in_the_middle = 0, at_a_start = 0;
  for (std::ptrdiff_t k = 0; k < p.layout.rows(0); ++k) {
    auto const [_, count, remembered] = p.rows[std::size_t(k)];
    if (count > 2) continue;
    REQUIRE(remembered == count);  // its episode began here or in the three steps before
    ++(count == 0 ? at_a_start : in_the_middle);
  }
  CHECK(in_the_middle > 3);
  CHECK(at_a_start > 3);
}

TEST_CASE("time runs: an update that cannot unroll says so") {
  B cpu;
  actor_critic plain{cpu, numbered{}, {.hidden = {4}}, random_seed{1}};
  auto const ppo =
      algorithm{.rollout = lanes{}, .objective = clipped_ratio{} + value_loss{}, .update = update{.unroll = 16}};
  CHECK_THROWS_WITH(
      train(cpu, ppo, numbered{}, plain, {.steps = 10}),
      ContainsSubstring("update: unroll is 16, and the policy has no memory that it learns through time"));
  counts_steps policy{cpu};
  CHECK_THROWS_WITH(run(policy, lanes{}, update<>{.unroll = -1}), ContainsSubstring("unroll is -1"));
  CHECK_THROWS_WITH(run(policy, lanes{}, update<>{.burn_in = 4}),
                    ContainsSubstring("burn_in is 4, and series are whole"));
}
