// Every estimator of probes, in wrappers too, on probes of any number, length, flags and bits: what is finite gives
// what is finite. Whatever the rewards, a lane goes on with a probe of its own. The other estimators refuse probes, or
// read no more than there is.
#include <cmath>
#include <cohort/advantage/all.hpp>
#include <cohort/erased/any_estimator.hpp>
#include <cohort/rollout/executed_probe.hpp>
#include <ranges>

#include "../advantage/random_options.hpp"
#include "input.hpp"

using namespace cohort;
using backend_type = eigen::basic_backend<float>;

namespace {

struct tried {
  std::ptrdiff_t T, N, G, K, R = T * N, M = R * G;
  std::vector<float> reward = std::vector<float>(std::size_t(K * M)), logp = std::vector<float>(std::size_t(M)),
                     ref_logp = logp, probe_value = logp, value = std::vector<float>(std::size_t(R)),
                     next_value = value;
  arrays::flags terminated = arrays::flags(reward.size()), truncated = terminated;
  arrays::integers executed = arrays::integers(value.size()), from = arrays::integers(logp.size());

  void fill(fuzz::input& in, bool bounded) {
    for (std::size_t i = 0; i < reward.size(); ++i) {
      auto const ends = in.take<std::uint8_t>();
      terminated[i] = ends % 8 == 1, truncated[i] = ends % 8 == 2;
      reward[i] = in.number(bounded, -1000, 1000);
    }
    for (auto* x : {&value, &next_value, &probe_value})
      for (float& one : *x) one = in.number(bounded, -1000, 1000);
    for (auto* x : {&logp, &ref_logp})
      for (float& one : *x) one = in.number(bounded, -20, 0);
  }
  void choose(backend_type& backend, executed_probe how, double sharpness) {
    backend.for_rows(R, detail::choose_probe{int(G), 0, how, sharpness, stream_id{1, draw_purpose::choice, 1}},
                     view<float const>(reward.data(), R, G), arrays::all(executed), arrays::matrix(from, R));
    for (std::ptrdiff_t r = 0; r < R; ++r) {
      std::ptrdiff_t const i = executed[std::size_t(r)];
      fuzz::require(i >= r * G && i < (r + 1) * G && from[std::size_t(r * G)] == i);
    }
  }
  batch_view<float> views() const {
    batch_view<float> b;
    b.series = partition::lanes(T, N);
    b.group = G, b.depth = K;
    b.reward = arrays::all(reward), b.terminated = arrays::all(terminated), b.truncated = arrays::all(truncated);
    b.value = arrays::all(value), b.next_value = arrays::all(next_value), b.probe_value = arrays::all(probe_value);
    b.executed = arrays::all(executed);
    b.sampler_logp = arrays::all(logp), b.ref_logp = arrays::all(ref_logp);
    return b;
  }
};

reward_transform transform_of(references::option_draws& d) { return reward_transform(d.below(5)); }

hybrid_grpo hybrid(references::option_draws& d) {
  return {.gamma = d.share(),
          .lambda = d.share(),
          .baseline = {.kappa = d.share(), .leave_one_out = d.coin(), .weight = d.one_of({0., .4, 1.})},
          .scale = group_scale(d.below(3)),
          .transform = transform_of(d),
          .tau = d.one_of({1., .01, 100.}),
          .after = bootstrap(d.below(3)),
          .target = critic_target(d.below(3)),
          .tail = d.coin(),
          .averaged = d.coin(),
          .ddof = d.below(2),
          .epsilon = d.one_of({1e-8, 1e-4, .1})};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static backend_type backend({.threads = 1});
  fuzz::input in(data, size);
  bool const bounded = in.take<std::uint8_t>() & 1;
  references::option_draws options(in.take<std::uint16_t>());
  auto const extent = [&](int most) { return std::ptrdiff_t(1 + in.take<std::uint8_t>() % most); };
  tried b{extent(4), extent(4), extent(5), extent(3)};
  b.fill(in, bounded);
  b.choose(backend, executed_probe(options.below(3)), options.one_of({0., 1., 1e30}));

  auto const views = b.views();
  std::vector<float> advantage(std::size_t(b.M)), target(advantage);
  auto finite = [](float x) { return std::isfinite(x); };
  auto run = [&](any_estimator<backend_type> const& estimator, bool is_of_probes) {
    try {
      estimator(backend, views, {arrays::all(advantage), arrays::all(target)});
      fuzz::require(!bounded || !is_of_probes ||
                    (std::ranges::all_of(advantage, finite) && std::ranges::all_of(target, finite)));
    } catch (value_error const&) {
    }
  };
  auto each = [&](auto const& e, bool is_of_probes) {
    run(e, is_of_probes);
    if (options.coin()) run(whitened{e}, is_of_probes);
    if (options.coin()) run(clipped_advantage{e, 2}, is_of_probes);
    if (options.coin()) run(clipped_reward{e}, is_of_probes);
    if (options.coin()) run(decoupled{e, hybrid(options)}, is_of_probes);
    if (options.coin()) run(kl_in_reward{e, k3{}, .1}, is_of_probes);
  };
  auto const tau = options.one_of({1., .01, 100.}), epsilon = options.one_of({1e-8, 1e-4, .1});
  auto const one = hybrid(options);
  each(one, true);
  each(chained_samples{options.share(), options.share(), transform_of(options), tau, options.below(2), epsilon}, true);
  each(advantage_as_reward<>{one, options.share(), options.share(), transform_of(options), tau, options.below(2),
                             epsilon},
       true);
  layouts::batch const none{};
  auto other = [&](auto const& e) { run(e, false); };
  references::each_with_critic(options, none, other);
  references::each_of_groups(options, none, other);
  return 0;
}
